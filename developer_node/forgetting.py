"""What a laptop does when its owner wants something forgotten: its own traces go as well.

What waits here is sent first, so that the Dragon, which looks through everything, finds it there.
Afterwards only three places here can still hold it: records that were refused, contents of files
that were dirty when a command ran, and free pages of the outbox.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from common.errors import Unavailable
from common.model.ids import WorkingCopyId
from common.model.lake import LakeStep, Oblivion
from developer_node.outbox.outbox import Position
from developer_node.text.kept_contents import KeptContents
from developer_node.text.working_copy import machine_id

SENT_S = 60.0
"""So long may it take until what waits here is with the Dragon."""
LOOK_S = 0.1


class Waiting(Protocol):
    """What of the outbox is needed."""

    async def position(self) -> Position: ...
    async def forget_refused(self, matches: Callable[[bytes], bool]) -> int: ...


class Forgetting:
    """Before the Dragon forgets, and after it."""

    def __init__(
        self,
        outbox: Waiting,
        spooled: Callable[[], int],
        directory: Path,
        copies: Callable[[], Mapping[str, WorkingCopyId]] = dict[str, WorkingCopyId],
    ) -> None:
        """`directory` is HOME/developer; `spooled` counts recorded commands not yet read in;
        `copies` are this machine's, by path."""
        self._copies = copies
        self._home = directory.parent
        self._outbox = outbox
        self._spooled = spooled
        self._grounds = directory / "grounds"

    def whose(self, o: Oblivion) -> Oblivion:
        """The same, with what says that an absolute path is of this machine."""
        if not o.path.startswith("/"):
            return o
        place = Path(posixpath.normpath(o.path))
        below = (copy for root, copy in self._copies().items() if Path(root).is_relative_to(place))
        return replace(o, machine=machine_id(self._home), copies=tuple(sorted(below)))

    async def before(self, o: Oblivion) -> AsyncGenerator[LakeStep]:
        """Returns once all that waited here is with the Dragon. Unavailable when it stays here."""
        last = (await self._outbox.position()).last
        try:
            async with asyncio.timeout(SENT_S):
                while left := await self._left(last):
                    yield LakeStep("sending", 0, left, f"{left:,} records wait on this laptop")
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise Unavailable(
                "What waits on this laptop does not reach the Dragon, so nothing was forgotten",
                hint="postdevai status says why. Try again when the outbox is empty.",
            ) from None

    async def after(self, o: Oblivion) -> AsyncGenerator[LakeStep]:
        """Removes what this laptop keeps besides."""
        refused = await self._outbox.forget_refused(lambda body: _may_match(body, o))
        yield LakeStep("outbox", 1, 2, f"{refused:,} refused records forgotten here")
        dropped = await asyncio.to_thread(_drop_contents, self._grounds, o)
        yield LakeStep("grounds", 2, 2, f"{dropped:,} kept contents forgotten here")

    async def _left(self, last: int) -> int:
        position = await self._outbox.position()
        return max(0, last + 1 - position.first_held) + self._spooled()


def _may_match(body: bytes, o: Oblivion) -> bool:
    """A refused record was never accepted: in doubt it goes, unless a text says that it is not
    meant."""
    return o.text.encode() in body if o.text else True


def _drop_contents(grounds: Path, o: Oblivion) -> int:
    """Those that contain the text; without a text all of them, since nothing tells their path."""
    dropped = 0
    for ground in grounds.iterdir() if grounds.is_dir() else ():
        kept = KeptContents.of(ground)
        for name in kept.names():
            data = kept.read(name) if o.text else None
            if data is None or o.text.encode() in data:
                kept.drop(name)
                dropped += 1
    return dropped
