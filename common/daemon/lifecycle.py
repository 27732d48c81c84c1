"""The life of a daemon: one instance, ready, drained on the first signal, gone on the second."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from importlib.metadata import version

from common.daemon import environment
from common.daemon.home import Home, Ready
from common.daemon.locks import only_instance
from common.daemon.logs import bound_printed, write_logs
from common.daemon.parent import stop_with_parent
from common.daemon.service import Manager
from common.daemon.starts import STEADY_S, StartsFile
from common.errors import (
    Conflict,
    Corrupt,
    Denied,
    Invalid,
    Missing,
    OverLimit,
    PostDevAIError,
    Unavailable,
)
from common.model.node import Role

log = logging.getLogger(__name__)

EXIT_CODES: dict[type[PostDevAIError], int] = {
    Missing: 1,
    Invalid: 2,
    Unavailable: 3,
    Conflict: 4,
    Denied: 4,
    OverLimit: 4,
    Corrupt: 5,
}
"""0 is done, 1 the answer is no, 2 wrong usage, 3 unavailable, 4 refused, 5 corrupt."""

EXIT_NOW = 130
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ORT_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "GRPC_ENABLE_FORK_SUPPORT": "0",
    "GRPC_VERBOSITY": "NONE",
}
"""What libraries need to hear before they are imported."""


@dataclass(frozen=True, slots=True)
class Running:
    """What an open node tells those who look for it."""

    address: str
    extra: dict[str, str] = field(default_factory=dict[str, str])


OpenNode = Callable[[], AbstractAsyncContextManager[Running]]


def run_daemon(
    role: Role, home: Home, open_node: OpenNode, *, grace_s: float, die_with_parent: bool = False
) -> int:
    """Runs a node until it is told to stop; the exit code.

    `open_node` should import gRPC and its like when it is called, not before, so that they see
    the environment set here. Closing it has `grace_s` seconds; a second signal ends at once.
    """
    prepare_environment()
    manager = Manager.of(os.environ)
    if manager.name:
        bound_printed()  # nobody empties it when a service is started, as `up` does
    try:
        with only_instance(home.lock_path(role), role):
            write_logs(home.log_path(role))
            with contextlib.suppress(FileNotFoundError):
                home.ready_path(role).unlink()  # of a process that was killed
            life = _Life(role, home, grace_s, manager)
            return manager.exit_code(asyncio.run(life.run(open_node, die_with_parent)))
    except PostDevAIError as error:
        return manager.exit_code(complain(role, error))


def prepare_environment() -> None:
    """Says to libraries that there is no network and no fork."""
    environment.say(OFFLINE)


def complain(name: str, error: PostDevAIError) -> int:
    """One sentence and its hint on stderr; the exit code that goes with it."""
    print(f"{name}: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"  {error.hint}", file=sys.stderr)
    return next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind))


class _Life:
    def __init__(self, role: Role, home: Home, grace_s: float, manager: Manager) -> None:
        self.role: Role = role
        self.home = home
        self.grace_s = grace_s
        self.manager = manager
        self.starts = StartsFile(home.directory(role) / "starts.json")
        self.stop = asyncio.Event()
        self.serving = False

    async def run(self, open_node: OpenNode, die_with_parent: bool) -> int:
        with self._signals(die_with_parent):
            try:
                return await self._serve(open_node)
            except asyncio.CancelledError:
                if not self.stop.is_set():
                    raise
                return 0  # told to stop before it had opened
            except TimeoutError:
                log.warning("did not drain in time grace_s=%s", self.grace_s)
                return 3
            except BaseExceptionGroup as group:
                return self._failed(_first(group))
            except Exception as error:
                return self._failed(error)

    async def _serve(self, open_node: OpenNode) -> int:
        if self.manager.name:
            await self._wait_its_turn()
        async with asyncio.timeout(None) as drain:
            async with open_node() as running:
                self.serving = True
                self.home.write_ready(self._ready(running))
                log.info("serving address=%s pid=%d", running.address, os.getpid())
                self.manager.say("READY=1", f"STATUS=serves at {running.address}")
                loop = asyncio.get_running_loop()
                steady = loop.call_later(STEADY_S, self.starts.forget)
                try:
                    async with self.manager.watched():
                        await self.stop.wait()
                    self.starts.forget()
                finally:
                    steady.cancel()
                    self.home.ready_path(self.role).unlink(missing_ok=True)
                log.info("stopping grace_s=%s", self.grace_s)
                self.manager.say("STOPPING=1", "STATUS=drains")
                drain.reschedule(asyncio.get_running_loop().time() + self.grace_s)
        log.info("stopped")
        return 0

    async def _wait_its_turn(self) -> None:
        """A service that ended again and again is not started at once another time."""
        before = self.starts.read()
        wait_s = before.wait_s(time.time_ns() // 1_000_000)
        if wait_s:
            log.warning("waits seconds=%.0f starts_in_a_row=%d", wait_s, before.in_a_row)
            self.manager.say(f"STATUS=waits {wait_s:.0f} s: it ended {before.in_a_row} times")
            await asyncio.sleep(wait_s)
        self.starts.begin(before, time.time_ns() // 1_000_000)

    def _ready(self, running: Running) -> Ready:
        started_ms = time.time_ns() // 1_000_000
        return Ready(
            self.role,
            os.getpid(),
            running.address,
            started_ms,
            version("postdevai"),
            dict(running.extra),
        )

    @contextlib.contextmanager
    def _signals(self, die_with_parent: bool) -> Generator[None]:
        loop = asyncio.get_running_loop()
        main = asyncio.current_task()
        assert main is not None

        def asked() -> None:
            if self.stop.is_set():
                os._exit(EXIT_NOW)
            self.stop.set()
            if not self.serving:
                main.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, asked)
        if die_with_parent:
            stop_with_parent(lambda: loop.call_soon_threadsafe(asked))
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _failed(self, error: BaseException) -> int:
        if isinstance(error, PostDevAIError):
            log.error("%s hint=%s", error.message, error.hint)
            return complain(self.role, error)
        log.error("failed", exc_info=error)
        print(
            f"{self.role}: failed: {error or type(error).__name__}\n"
            f"  see {self.home.log_path(self.role)}",
            file=sys.stderr,
        )
        return 3


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The refusal with a meaning, when a group holds one; else whatever came first."""
    flat: list[BaseException] = []
    pending: list[BaseException] = [group]
    while pending:
        error = pending.pop(0)
        if isinstance(error, BaseExceptionGroup):
            pending.extend(error.exceptions)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        else:
            flat.append(error)
    return next((e for e in flat if isinstance(e, PostDevAIError)), flat[0])
