"""What a daemon and the service manager that runs it say to each other.

systemd hears of it over the socket that NOTIFY_SOCKET names (sd_notify(3)): READY=1, STOPPING=1,
STATUS= and, where a watchdog is set, WATCHDOG=1. launchd hears nothing but exit codes.
A unit of ours sets POSTDEVAI_SERVICE to `systemd:user`, `systemd:system`, `launchd:user` or
`launchd:system`: by it others tell a daemon that a service runs from one that `up` started.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncGenerator, MutableMapping
from dataclasses import dataclass

log = logging.getLogger(__name__)

VARIABLE = "POSTDEVAI_SERVICE"
NO_RESTART = (2, 5)
"""Exit codes that a restart does not mend: wrong settings, and stores that are corrupt."""
_SAYS_NOTHING = ""


@dataclass(frozen=True, slots=True)
class Manager:
    """Who runs this daemon, and where it listens."""

    name: str = _SAYS_NOTHING
    """As in POSTDEVAI_SERVICE; empty when nobody's unit runs it."""
    socket_path: str = ""
    """Where systemd waits for words; empty where it does not."""
    watchdog_s: float = 0.0
    """A word is expected so often; 0 when none is."""

    @classmethod
    def of(cls, environment: MutableMapping[str, str]) -> Manager:
        """Takes the words out of the environment: children of a daemon are no services."""
        name = environment.pop(VARIABLE, "")
        path = environment.pop("NOTIFY_SOCKET", "")
        beat = environment.pop("WATCHDOG_USEC", "")
        meant = environment.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        watchdog_s = int(beat) / 1e6 if beat.isdecimal() and meant else 0.0
        return cls(name, path, watchdog_s)

    def say(self, *words: str) -> None:
        """Sends `NAME=value` words to systemd; a manager that does not listen costs nothing."""
        if not self.socket_path:
            return
        # A name that begins with @ is one of Linux's abstract sockets.
        at = "\0" + self.socket_path[1:] if self.socket_path[0] == "@" else self.socket_path
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as way:
                way.connect(at)
                way.sendall("\n".join(words).encode())
        except OSError as error:
            log.warning("the service manager was not told words=%s error=%s", words, error)

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncGenerator[None]:
        """Says every half of the watchdog's term that this loop turns."""
        if not (self.watchdog_s and self.socket_path):
            yield
            return
        async with asyncio.TaskGroup() as tasks:
            beating = tasks.create_task(self._beat())
            try:
                yield
            finally:
                beating.cancel()

    async def _beat(self) -> None:
        while True:
            self.say("WATCHDOG=1")
            await asyncio.sleep(self.watchdog_s / 2)

    def exit_code(self, code: int) -> int:
        """launchd restarts whatever did not end with 0: what no restart mends has to end so."""
        return 0 if self.name.startswith("launchd") and code in NO_RESTART else code
