"""Every change of a model's state, numbered, so that whoever was away goes on where it was."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from dataclasses import replace

from common.clock import Clock
from common.model.llm import Model, ModelChange

CHANGES_MAX = 1_000
"""That are kept; whoever was away for longer gets the present state of all."""
CURSOR_SHIFT = 20
"""Cursors begin at the start's milliseconds times 2 ** 20, so that they grow over restarts."""


LEFT = "it has left the catalogue"


class ModelFeed:
    """Changes in memory, on one event loop. A change that changes nothing is none."""

    def __init__(self, clock: Clock, present: Callable[[], Awaitable[Sequence[Model]]]) -> None:
        """`present` gives every model as it is now."""
        self._clock = clock
        self._present = present
        self._first = clock.now_ms() << CURSOR_SHIFT
        self._last = self._first
        self._changes: deque[ModelChange] = deque(maxlen=CHANGES_MAX)
        self._known: dict[str, Model] = {}
        self._news = asyncio.Event()

    def begin(self, models: Sequence[Model]) -> None:
        """What is so already, and no change."""
        self._known = {model.name: model for model in models}

    def tell(self, model: Model) -> None:
        """Keeps it and wakes whoever watches, when it differs from what was told before."""
        if self._known.get(model.name) == model:
            return
        self._known[model.name] = model
        self._add(model)

    def keep(self, names: Collection[str]) -> None:
        """Tells of all others that were known, once, that they are gone."""
        for name in [name for name in self._known if name not in names]:
            self._add(replace(self._known.pop(name), reason=LEFT), gone=True)

    async def changes(self, after: int) -> AsyncGenerator[ModelChange]:
        """From a cursor on, without end: the present state first, marked as a reset, when the
        changes since then are not known any more."""
        while True:
            news = self._news
            if not self._knows(after):
                after = self._last
                for model in await self._present():
                    yield ModelChange(after, self._clock.now_ms(), model, reset=True)
                continue  # the reader may have been slow meanwhile
            for change in [c for c in self._changes if c.cursor > after]:
                after = change.cursor
                yield change
            await news.wait()

    def _add(self, model: Model, *, gone: bool = False) -> None:
        self._last += 1
        self._changes.append(ModelChange(self._last, self._clock.now_ms(), model, gone=gone))
        self._news.set()
        self._news = asyncio.Event()

    def _knows(self, after: int) -> bool:
        """Whether every change after this cursor is still kept."""
        oldest = self._changes[0].cursor if self._changes else self._last + 1
        return oldest - 1 <= after <= self._last
