"""What is done before the lake of a Dragon that is not alone is opened."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

from common.errors import Unavailable
from common.model.ids import NodeId
from common.model.replica import JournalReach
from dragon_node.lake import ramdisk
from dragon_node.lake.replication import adopt
from dragon_node.replica.following import Follow
from dragon_node.replica.kept import Kept, ReplicaFile

log = logging.getLogger(__name__)

JOURNAL = "journal.db"
PUT_ASIDE = (JOURNAL, f"{JOURNAL}-wal", f"{JOURNAL}-shm", "shelf")
"""What belongs to one lake; vectors are by content and go on."""

FindLeaders = Callable[[], AbstractAsyncContextManager[Follow]]
"""A place in the mesh for as long as it takes to ask a leader who it is."""


async def prepared(directory: Path, own: NodeId, leaders: FindLeaders) -> Kept | None:
    """What was known of others, with a journal that can follow theirs; None for one alone.

    Unavailable when the leader of a new follower cannot be reached.
    """
    file = ReplicaFile(directory)
    kept = await asyncio.to_thread(file.read)
    if kept is None:
        return None
    if kept.parted:
        await asyncio.to_thread(put_aside, directory)
        kept = replace(kept, parted=False)
        await asyncio.to_thread(file.write, kept)
    if kept.leader != own and not await asyncio.to_thread((directory / JOURNAL).exists):
        try:
            async with leaders() as follow, follow(kept.leader, JournalReach()) as stream:
                await adopt(directory, stream.welcome.journal)
        except Unavailable as error:
            raise Unavailable(
                f"the Dragon {kept.leader}, which this one is to follow, cannot be reached: "
                f"{error.message}",
                hint="Start it there. If another one is meant: dragon-node follow --leader ID, or "
                "--leader none",
            ) from error
        log.info("the journal of node=%s is copied from its beginning", kept.leader)
    return kept


def put_aside(directory: Path) -> Path:
    """Keeps a lake that has parted from its leader's beside the new one, where nothing reads it."""
    aside = directory / f"parted-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}"
    aside.mkdir(mode=0o700)
    ramdisk.detach(directory)
    for name in PUT_ASIDE:
        if (directory / name).exists():
            (directory / name).rename(aside / name)
    log.warning("what only this Dragon had is kept in %s", aside)
    return aside
