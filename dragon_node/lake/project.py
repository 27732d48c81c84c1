"""projects/ID.db: everything of one project in one SQLite file, applied for itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import apsw

from common.errors import Corrupt
from common.model.event import Event, content_hashes
from common.model.ids import ContentHash, WorkingCopyId
from dragon_node.lake import code, history, relations, vectors
from dragon_node.lake.forgetting import in_project, notes
from dragon_node.lake.history import retention
from dragon_node.lake.records import Blobs, Chunker, Note
from dragon_node.lake.shards import META, Step

SCHEMA = META + history.SCHEMA + code.SCHEMA + vectors.SCHEMA + relations.SCHEMA + in_project.SCHEMA

Fetch = Callable[[Sequence[ContentHash]], dict[ContentHash, bytes]]
"""Contents from the journal, on the calling thread."""


def apply(
    db: apsw.Connection, steps: Sequence[Step], blobs: Blobs, fetch: Fetch, chunker: Chunker
) -> code.Changed:
    """The records of one batch that carry this project's stamp, in order."""
    changed = code.Changed()
    chunker = hearing = relations.Hearing(chunker)
    for step in steps:
        match step.body:
            case Event() as event:
                if history.add(db, step, event):
                    contents = _contents(db, event, blobs, fetch)
                    if contents:
                        code.keep(db, contents)
                    code.apply(db, event, step.lsn, contents, chunker, changed)
                    relations.apply(db, step, event, hearing.taken())
            case Note(kind="left", fields=fields):
                code.leave(db, WorkingCopyId(fields["working_copy"]), step.lsn, changed)
                relations.settle(db)
            case Note(kind="retain") as note:
                retention.apply(db, note, step.lsn)
            case Note(kind="forget", fields=fields):
                in_project.apply(db, notes.read(fields), step.lsn, changed)
            case _:
                pass
    return changed


def _contents(db: apsw.Connection, event: Event, blobs: Blobs, fetch: Fetch) -> Blobs:
    """What the event refers to and the file lacks."""
    wanted = [
        h
        for h in content_hashes(event.body)
        if db.execute("SELECT 1 FROM blobs WHERE hash=?", (bytes.fromhex(h),)).fetchone() is None
    ]
    if not wanted:
        return {}
    found = {h: blobs[h] for h in wanted if h in blobs}
    if absent := [h for h in wanted if h not in found]:
        found |= fetch(absent)
    if lost := [h for h in wanted if h not in found]:
        raise Corrupt(f"the journal lacks content {lost[0]}, which event {event.id} refers to")
    return found
