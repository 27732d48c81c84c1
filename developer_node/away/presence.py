"""Whether the Dragon is there, and calls that do not wait for one that is not.

there    it answered lately, or its silence is not yet long enough to mean anything
silent   a look got no answer in time: calls are answered here at once
gone     it refused, or nobody is there to refuse: the same

A look is one small call a second. What the Dragon says to anybody counts as well. A call waits
until it is answered or a look has decided: a Dragon that is only busy gives its own answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from common.clock import Clock
from common.errors import PostDevAIError, Unavailable

T = TypeVar("T")

State = Literal["there", "silent", "gone"]

LOOK_S = 1.0
"""Between two looks."""
LOOK_LIMIT_S = 8.0
"""A look that has no answer by then has none. Long: a machine that is busy is not away."""
LATE_S = 0.1
IMPATIENT_S = 0.15
"""A call that is not answered by then looks at once."""
TURN_S = 0.1
"""How often a call that waits looks at the state."""
AGAIN_S = 0.25
REFUSED_QUICKLY_S = 1.0
RETURN_S = 3.0
"""So long after its return a route to the Dragon may still be closed, and is tried again."""


class Absent(Unavailable):
    """The Dragon did not answer, and is not there."""


@dataclass(frozen=True, slots=True)
class Absence:
    """How the Dragon is missed, for the sentences that say so."""

    state: State
    """"there" when it has come back since it was missed."""
    since_ms: int
    """When it was last heard, or this daemon began to listen."""
    was_heard: bool
    """Whether this daemon ever heard it."""


class Presence:
    """One a laptop. `run` looks until cancelled."""

    def __init__(self, look: Callable[[float], Awaitable[None]], clock: Clock) -> None:
        """`look` asks the smallest thing, within so many seconds."""
        self._look = look
        self._clock = clock
        self._state: State = "there"
        self._was_heard = False
        self._heard_s = clock.monotonic()
        self._heard_ms = clock.now_ms()
        self._looking: asyncio.Task[None] | None = None
        self.turned = asyncio.Event()
        """Set whenever the Dragon is back."""

    @property
    def state(self) -> State:
        """Now."""
        return self._state

    @property
    def away(self) -> bool:
        """Whether calls are answered here."""
        return self._state != "there"

    @property
    def absence(self) -> Absence:
        """As it is missed now."""
        return Absence(self._state, self._heard_ms, self._was_heard)

    @property
    def since_ms(self) -> int:
        """When it was last heard; 0 while it is there, and where this daemon never heard it."""
        return self._heard_ms if self.away and self._was_heard else 0

    def heard(self) -> None:
        """It said something."""
        was_away = self.away
        self._state, self._was_heard = "there", True
        self._heard_s, self._heard_ms = self._clock.monotonic(), self._clock.now_ms()
        if was_away:
            self.turned.set()

    async def run(self) -> None:
        """Looks once a second, less often while others hear of it anyway."""
        while True:
            if self.away or self._clock.monotonic() - self._heard_s >= LOOK_S:
                await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> bool:
        """Whether it answers now; several who ask at once share a look."""
        await asyncio.shield(self._begin_look())
        return not self.away

    def _begin_look(self) -> asyncio.Task[None]:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_once())
        return self._looking

    async def ask(self, call: Callable[[], Awaitable[T]], *, again: bool = True) -> T:
        """What it answers. Absent once it is known not to be there.

        Unavailable is raised as it is by a Dragon that is there and said so. `again`: the call may
        be made anew.
        """
        began_s = self._clock.monotonic()
        while True:
            tried_s = self._clock.monotonic()
            try:
                return await self._once(call)
            except Absent:
                raise
            except Unavailable as error:
                if not await self.look():
                    raise Absent(error.message, hint=error.hint) from error
                now_s = self._clock.monotonic()
                slow = now_s - tried_s > REFUSED_QUICKLY_S or now_s - began_s > RETURN_S
                if not again or slow or error.hint:
                    raise
            await asyncio.sleep(AGAIN_S)

    async def _once(self, call: Callable[[], Awaitable[T]]) -> T:
        if self.away:
            raise Absent("it does not answer")
        task = asyncio.ensure_future(call())
        try:
            await self._settled(task)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait((task,), timeout=1.0)
        try:
            answer = task.result()
        except Unavailable:
            raise
        except PostDevAIError:
            self.heard()
            raise
        self.heard()
        return answer

    async def _settled(self, task: asyncio.Future[T]) -> None:
        """Returns with an answer; Absent once a look has decided that there will be none."""
        began_s = self._clock.monotonic()
        looking = False
        while not task.done():
            if not looking and self._clock.monotonic() - began_s >= IMPATIENT_S:
                looking = True  # sooner than the next regular one
                self._begin_look()
            if self.away:
                raise Absent("it does not answer")
            await asyncio.wait((task,), timeout=min(TURN_S, IMPATIENT_S))

    async def _look_once(self) -> None:
        began_s = self._clock.monotonic()
        found = await self._seen()
        if found == "refused":  # a connection that has just ended is no proof
            found = await self._seen()
        if found == "answered":
            self.heard()
        elif self._heard_s > began_s:
            return  # somebody else heard it meanwhile
        else:
            self._state = "gone" if found == "refused" else "silent"

    async def _seen(self) -> Literal["answered", "refused", "silent"]:
        """What one look brings. An answer that was there before this loop had time to notice
        that it is late counts."""
        task = asyncio.ensure_future(self._look(LOOK_LIMIT_S + 1))
        try:
            await asyncio.wait((task,), timeout=LOOK_LIMIT_S)
            if not task.done():
                await asyncio.wait((task,), timeout=LATE_S)
        finally:
            task.cancel()
        if not task.done():
            return "silent"
        try:
            task.result()
        except Unavailable:
            return "refused"
        except PostDevAIError:
            return "answered"
        return "answered"
