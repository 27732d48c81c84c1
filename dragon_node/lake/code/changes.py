"""What an event says about code."""

from __future__ import annotations

import apsw

from common.model.event import (
    CommandFinished,
    Event,
    FileChanged,
    GitOperation,
    WorkingCopySeen,
    content_hashes,
)
from dragon_node.lake.code import commits, copies, files
from dragon_node.lake.code.docs import Changed
from dragon_node.lake.code.told import Told
from dragon_node.lake.records import Blobs, Chunker


def apply(
    db: apsw.Connection, event: Event, lsn: int, blobs: Blobs, chunker: Chunker, changed: Changed
) -> None:
    """One event. Content that it refers to is in `blobs` or here already."""
    told = Told(event.working_copy, event.at_ms, lsn)
    match event.body:
        case FileChanged() as file:
            files.saved(db, told, file, blobs, chunker, changed)
        case GitOperation() as git:
            copies.moved(db, told.copy, git)
            commits.told(db, told, git)
        case WorkingCopySeen() as seen:
            copies.seen(db, told, seen, changed)
        case CommandFinished() as ran:
            stood_on = [(bytes.fromhex(content),) for content in content_hashes(ran)]
            db.executemany("INSERT OR IGNORE INTO grounds VALUES(?)", stood_on)
        case _:
            pass
