"""Whether the Dragon is there, and calls that do not wait for one that is not.

there      it answered lately, or has only begun to be silent
doubtful   a look got no answer in time: a call that is not answered at once is answered here
away       it refused, or was silent at two looks in a row: calls are answered here at once

A look is one small call a second. What the Dragon says to anybody counts as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

from common.clock import Clock
from common.errors import PostDevAIError, Unavailable

T = TypeVar("T")

State = Literal["there", "doubtful", "away"]

LOOK_S = 1.0
"""Between two looks."""
LOOK_LIMIT_S = 2.0
"""A look that has no answer by then has none."""
LATE_S = 0.1
HEDGE_S = 0.15
"""So long waits a call while it is doubtful that anybody is there."""
TURN_S = 0.1
"""How often a call that waits looks at the state."""
AGAIN_S = 0.25
REFUSED_QUICKLY_S = 1.0
RETURN_S = 3.0
"""So long after its return a route to the Dragon may still be closed, and is tried again."""


class Absent(Unavailable):
    """The Dragon did not answer, and is not there."""


def state_of(refused: bool, missed: int) -> State:
    """From what the last looks brought. Pure."""
    if refused or missed > 1:
        return "away"
    return "doubtful" if missed else "there"


class Presence:
    """One a laptop. `run` looks until cancelled."""

    def __init__(self, look: Callable[[float], Awaitable[None]], clock: Clock) -> None:
        """`look` asks the smallest thing, within so many seconds."""
        self._look = look
        self._clock = clock
        self._refused = False
        self._missed = 0
        self._heard_s = clock.monotonic()
        self._heard_ms = clock.now_ms()
        self._looking: asyncio.Task[None] | None = None
        self.turned = asyncio.Event()
        """Set whenever the Dragon is back."""

    @property
    def state(self) -> State:
        """Now."""
        return state_of(self._refused, self._missed)

    @property
    def away(self) -> bool:
        """Whether calls are answered here."""
        return self.state == "away"

    @property
    def since_ms(self) -> int:
        """When it was last heard, or this daemon began to listen; 0 while it is there."""
        return 0 if self.state == "there" else self._heard_ms

    def heard(self) -> None:
        """It said something."""
        was_there = self.state == "there"
        self._refused, self._missed = False, 0
        self._heard_s, self._heard_ms = self._clock.monotonic(), self._clock.now_ms()
        if not was_there:
            self.turned.set()

    async def run(self) -> None:
        """Looks once a second, less often while others hear of it anyway."""
        while True:
            if self.state != "there" or self._clock.monotonic() - self._heard_s >= LOOK_S:
                await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> bool:
        """Whether it answers now; several who ask at once share a look."""
        await asyncio.shield(self._begin_look())
        return not self._refused and not self._missed

    def _begin_look(self) -> asyncio.Task[None]:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_once())
        return self._looking

    async def ask(
        self, call: Callable[[], Awaitable[T]], *, patient: bool = False, again: bool = True
    ) -> T:
        """What it answers. Absent, soon, where it is not there.

        Unavailable is raised as it is by a Dragon that is there and said so. `patient` waits
        through a doubt; `again`: the call may be made anew.
        """
        began_s = self._clock.monotonic()
        while True:
            tried_s = self._clock.monotonic()
            try:
                return await self._once(call, patient=patient)
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

    async def _once(self, call: Callable[[], Awaitable[T]], *, patient: bool) -> T:
        if self.away:
            raise Absent("it does not answer")
        task = asyncio.ensure_future(call())
        try:
            await self._settled(task, patient=patient)
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

    async def _settled(self, task: asyncio.Future[T], *, patient: bool) -> None:
        """Returns with an answer; Absent when it is not worth waiting any longer."""
        began_s = self._clock.monotonic()
        looking = False
        while not task.done():
            waited_s = self._clock.monotonic() - began_s
            if waited_s >= HEDGE_S and not looking:  # sooner than the next regular one
                looking = True
                self._begin_look()
            hedged = self.state == "doubtful" and not patient and waited_s >= HEDGE_S
            if self.away or hedged:
                raise Absent("it does not answer")
            await asyncio.wait((task,), timeout=min(TURN_S, HEDGE_S))

    async def _look_once(self) -> None:
        began_s = self._clock.monotonic()
        found = await self._seen()
        if found == "refused":  # a connection that has just ended is no proof
            found = await self._seen()
        if found == "answered":
            self.heard()
        elif self._heard_s > began_s:
            return  # somebody else heard it meanwhile
        elif found == "refused":
            self._refused = True
        else:
            self._missed += 1

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
