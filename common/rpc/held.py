"""Who is over the limit waits a moment for the refusal, so that one that floods waits most of all.

A refusal costs a server as much as a small answer; what is held back costs it nothing. A program
that asks again as soon as it is refused, over some calls at a time, comes as seldom as that.
"""

from __future__ import annotations

import asyncio

from common.errors import PostDevAIError

FLOODS = "limit"
"""The field of a refusal of one that sends too much."""
HELD_S = 0.25
HELD_MAX = 1_000
"""At a time, of one server; 30 KB each. More are refused at once."""


class Held:
    """The refusals of one server that wait."""

    def __init__(self) -> None:
        self._now = 0

    async def hold(self, error: PostDevAIError, remaining_s: float | None) -> None:
        """Returns after a moment, well before the caller's own deadline; at once for a refusal
        of another kind."""
        if error.field != FLOODS or self._now >= HELD_MAX:
            return
        held_s = HELD_S if remaining_s is None else min(HELD_S, remaining_s / 2)
        self._now += 1
        try:
            await asyncio.sleep(max(0.0, held_s))
        finally:
            self._now -= 1
