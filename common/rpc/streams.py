"""Running streams: each ends soon after its caller is no longer welcome, also when it is idle."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from common.errors import PostDevAIError
from common.rpc.certificates import Leaf

LOOK_S = 0.25


@dataclass(slots=True, eq=False)
class Stream:
    """One that runs."""

    leaf: Leaf
    task: asyncio.Task[object]
    ended: PostDevAIError | None = None
    """Why it was ended from here."""


class Streams:
    """Those of one server."""

    def __init__(self, still_welcome: Callable[[Leaf | None], None]) -> None:
        self._still_welcome = still_welcome
        self._running: set[Stream] = set()
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def noted(self, leaf: Leaf | None) -> Generator[None]:
        """Ends the block with a refusal once the caller is no longer welcome."""
        task = asyncio.current_task()
        if leaf is None or task is None:
            yield
            return
        stream = Stream(leaf, task)
        self._running.add(stream)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._keep_looking())
        try:
            yield
        except asyncio.CancelledError:
            if stream.ended is None:
                raise
            task.uncancel()
            raise stream.ended from None
        finally:
            self._running.discard(stream)

    async def _keep_looking(self) -> None:
        while self._running:
            await asyncio.sleep(LOOK_S)
            self._look()

    def _look(self) -> None:
        for stream in tuple(self._running):
            try:
                self._still_welcome(stream.leaf)
            except PostDevAIError as error:
                self._running.discard(stream)
                stream.ended = error
                stream.task.cancel()
