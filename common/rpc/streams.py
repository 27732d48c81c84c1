"""Running streams: each ends soon after its caller is no longer welcome, also when it is idle.

One caller has so many at a time, and no more.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from common.errors import OverLimit, PostDevAIError
from common.rpc.certificates import Leaf
from common.rpc.limits import STREAMS_MAX

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

    def __init__(
        self,
        still_welcome: Callable[[Leaf | None], None],
        most: Mapping[str, int] = STREAMS_MAX,
    ) -> None:
        """`most`: of one caller at a time, by role."""
        self._still_welcome = still_welcome
        self._most = most
        self._open: Counter[str] = Counter()
        self._running: set[Stream] = set()
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def noted(self, leaf: Leaf | None, peer: str = "") -> Generator[None]:
        """Ends the block with a refusal once the caller is no longer welcome.

        OverLimit, before the block, where the caller has as many as it may. `peer`: the address
        of one without a certificate; without either it is the owner of this machine.
        """
        who = leaf.identity.id if leaf else peer
        if not who:
            yield
            return
        most = self._most[leaf.identity.role if leaf else "anyone"]
        if self._open[who] >= most:
            named = f"node {who}" if leaf else who
            raise OverLimit(
                f"{named} has {most} streams open here, as many as it may",
                hint="end one that is not needed",
            )
        self._open[who] += 1
        try:
            with self._watched(leaf):
                yield
        finally:
            self._open[who] -= 1
            if not self._open[who]:
                del self._open[who]

    @contextmanager
    def _watched(self, leaf: Leaf | None) -> Generator[None]:
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
