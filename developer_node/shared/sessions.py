"""What is being worked on here, told to the owner's other laptops while a person works here.

One laptop at a time writes a project's session: this one while something happens here, and it
takes over from another once that one has been silent for a minute.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from common.clock import Clock
from common.errors import Conflict, PostDevAIError
from common.model.laptop import WorkContext
from common.model.shared import SharedSession

log = logging.getLogger(__name__)

LOOK_S = 10.0
ACTIVE_MS = 120_000
"""So long after the last thing that happened a person still works here."""
SILENT_MS = 60_000
"""A writer that has said nothing for so long is taken over from."""
FILES_MAX = 20


class Coordinator(Protocol):
    """Who keeps the logs and the leases."""

    async def take(self, scope: str, epoch: int, *, hand_over: bool) -> int: ...
    async def leave(self, scope: str, epoch: int) -> None: ...
    async def append(self, session: SharedSession) -> int: ...
    async def sessions(self) -> tuple[SharedSession, ...]: ...


@dataclass(slots=True)
class _Writing:
    epoch: int
    said: SharedSession | None = None
    said_ms: int = 0


class SessionWriter:
    """One a laptop; `run` until cancelled."""

    def __init__(
        self,
        coordinator: Coordinator,
        works: Callable[[], Awaitable[WorkContext]],
        scope: Callable[[str], str],
        machine: str,
        clock: Clock,
    ) -> None:
        """`works`: what is being worked on in the working copy of now; `scope`: whose it is."""
        self._coordinator = coordinator
        self._works = works
        self._scope = scope
        self._machine = machine
        self._clock = clock
        self._writing: dict[str, _Writing] = {}
        self.known: tuple[SharedSession, ...] = ()
        """The newest of each project, as the Coordinator last told."""

    async def run(self) -> None:
        """Says what has changed; without a Coordinator nothing, and later what holds then."""
        while True:
            try:
                await self.look()
            except PostDevAIError as error:
                log.debug("the session is not told: %s", error.message)
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Once: takes over, writes, or leaves."""
        now = await self._now()
        self.known = await self._coordinator.sessions()
        for scope in [each for each in self._writing if now is None or each != now.scope]:
            await self._coordinator.leave(scope, self._writing.pop(scope).epoch)
        if now is not None:
            await self._write(now)

    async def _write(self, now: SharedSession) -> None:
        before = self._writing.get(now.scope) or _Writing(0)
        try:
            epoch = await self._coordinator.take(
                now.scope, before.epoch, hand_over=self._is_silent(now.scope)
            )
            said = replace(now, epoch=epoch)
            now_ms, said_ms = self._clock.now_ms(), before.said_ms
            if before.said != said or now_ms - said_ms > SILENT_MS // 2:
                await self._coordinator.append(said)
                said_ms = now_ms
            self._writing[now.scope] = _Writing(epoch, said, said_ms)
        except Conflict as error:  # another laptop writes, or has taken over
            self._writing.pop(now.scope, None)
            log.debug("another laptop writes: %s", error.message)

    def _is_silent(self, scope: str) -> bool:
        newest = next((each for each in self.known if each.scope == scope), None)
        return newest is None or self._clock.now_ms() - newest.at_ms > SILENT_MS

    async def _now(self) -> SharedSession | None:
        """None while nobody works here, or on nothing that is shared."""
        context = await self._works()
        newest = max((each.at_ms for each in context.files), default=0)
        if not context.working_copy or self._clock.now_ms() - newest > ACTIVE_MS:
            return None
        scope = await asyncio.to_thread(self._scope, context.working_copy)
        if not scope:
            return None
        files = tuple(each.path for each in context.files[:FILES_MAX])
        return SharedSession(
            scope, machine=self._machine, branch=context.branch, files=files, note=context.note
        )
