"""What a laptop does when its owner wants something forgotten: its own traces go as well.

What waits here is sent first, so that the Dragon, which looks through everything, finds it there.
Afterwards only these places here can still hold it: records that were refused, contents of files
that were dirty when a command ran, free pages of the outbox, and copies of what the Dragon has.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Protocol

from common.errors import Corrupt, Invalid, Unavailable
from common.model.event import EditorEvent, FileChanged
from common.model.ids import WorkingCopyId
from common.model.lake import LakeStep, Oblivion
from common.wire.stored import event_from_bytes
from developer_node.outbox.lanes import Lane
from developer_node.text.kept_contents import KeptContents
from developer_node.text.working_copy import machine_id

SENT_S = 60.0
"""So long may it take until what waits here is with the Dragon."""
LOOK_S = 0.1


class Waiting(Protocol):
    """What of the outbox is needed."""

    def every(self) -> tuple[Lane, ...]: ...
    async def forget_refused(self, matches: Callable[[bytes], bool]) -> int: ...


class Copying(Protocol):
    """What keeps copies of what the Dragon has."""

    async def forget(self) -> str: ...


class Forgetting:
    """Before the Dragon forgets, and after it."""

    def __init__(
        self,
        outbox: Waiting,
        spooled: Callable[[], int],
        directory: Path,
        copies: Callable[[], Mapping[str, WorkingCopyId]] = dict[str, WorkingCopyId],
        copied: Mapping[str, Copying] | None = None,
    ) -> None:
        """`directory` is HOME/developer; `spooled` counts recorded commands not yet read in;
        `copies` are this machine's, by path; `copied`, by what people call it, is emptied whole:
        what is left in it can be had again."""
        self._copied = copied or {}
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
        """Returns once all that waited here is with its Dragon. Unavailable when it stays here."""
        last = {lane: (await lane.position()).last for lane in self._outbox.every()}
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
        roots = self._roots()
        refused = await self._outbox.forget_refused(lambda body: _may_match(body, o, roots))
        steps = 2 + len(self._copied)
        yield LakeStep("outbox", 1, steps, f"{refused:,} refused records forgotten here")
        dropped = await asyncio.to_thread(_drop_contents, self._grounds, o, roots)
        yield LakeStep("grounds", 2, steps, f"{dropped:,} kept contents forgotten here")
        for done, (name, each) in enumerate(self._copied.items(), start=3):
            yield LakeStep(name, done, steps, await each.forget())

    def _roots(self) -> Mapping[str, str]:
        return {copy: root for root, copy in self._copies().items()}

    async def _left(self, last: Mapping[Lane, int]) -> int:
        left = self._spooled()
        for lane, end in last.items():
            left += max(0, end + 1 - (await lane.position()).first_held)
        return left


def _may_match(body: bytes, o: Oblivion, roots: Mapping[str, str]) -> bool:
    """A refused record was never accepted: in doubt it goes, unless its text, its time or its place
    says that it is not meant. Which project it is of nobody here knows."""
    if o.text and o.text.encode() not in body:
        return False
    try:
        event = event_from_bytes(body)
    except (Corrupt, Invalid):
        return True
    if event.at_ms < o.since_ms or (o.until_ms and event.at_ms >= o.until_ms):
        return False
    root = roots.get(event.working_copy, "")
    match event.body:
        case FileChanged(path=path) | EditorEvent(path=path) if not path.startswith("/"):
            return _may_meet(o.path, root, path)
        case _:
            return _may_meet(o.path, root, "")


def _may_meet(wanted: str, root: str, inside: str) -> bool:
    """Whether a path may mean something of the working copy at a root, or one file of it."""
    if not wanted:
        return True
    place = PurePosixPath(posixpath.normpath(wanted))
    if not place.is_absolute():
        return not inside or PurePosixPath(inside).is_relative_to(place)
    if not root:
        return True
    thing = PurePosixPath(root, inside)
    return thing.is_relative_to(place) or (not inside and place.is_relative_to(thing))


def _drop_contents(grounds: Path, o: Oblivion, roots: Mapping[str, str]) -> int:
    """Those that contain the text; without a text all that were kept for a working copy around the
    path or below it, since nothing tells when and from which file they are."""
    dropped = 0
    for ground in grounds.iterdir() if grounds.is_dir() else ():
        if not _may_meet(o.path, roots.get(ground.name, ""), ""):
            continue
        kept = KeptContents.of(ground)
        for name in kept.names():
            data = kept.read(name) if o.text else None
            if data is None or o.text.encode() in data:
                kept.drop(name)
                dropped += 1
    return dropped
