"""Keeps the outbox within its size: output bodies go first, then contents, oldest first."""

from __future__ import annotations

from typing import cast

from common.model.event import Event, FileChanged, content_hashes
from common.model.ids import ContentHash
from common.wire.stored import event_from_bytes, event_to_bytes
from developer_node.outbox.lighter import FULL, droppable_bytes, without_body, without_content
from developer_node.outbox.sql import Sql

_PAGES_GIVEN_BACK = 2_000
"""Free pages returned to the file system after an acknowledgement, so that one takes no long."""


def used_bytes(db: Sql) -> int:
    """Bytes of the pages in use; what was deleted does not count."""
    pages = cast(int, db.pragma("page_count")) - cast(int, db.pragma("freelist_count"))
    return pages * cast(int, db.pragma("page_size"))


def make_room(db: Sql, bytes_max: int) -> None:
    """Drops bodies, then contents, until the limit holds or nothing but facts is left."""
    while used_bytes(db) > bytes_max and _drop_oldest_body(db):
        pass
    while used_bytes(db) > bytes_max and _drop_oldest_contents(db):
        pass


def give_back(db: Sql) -> None:
    """Shrinks the file a little when much of it is free."""
    if cast(int, db.pragma("freelist_count")) > _PAGES_GIVEN_BACK:
        db.rows(f"PRAGMA incremental_vacuum({_PAGES_GIVEN_BACK})")


def rewrite(db: Sql, seq: int, event: Event) -> None:
    """Puts a lighter event in the place of the one that waits."""
    db.run(
        "UPDATE records SET body = ?, droppable = ? WHERE seq = ?",
        event_to_bytes(event),
        droppable_bytes(event),
        seq,
    )
    kept = content_hashes(event.body)
    for (content,) in db.rows("SELECT hash FROM uses WHERE seq = ?", seq):
        if content not in kept:
            db.run("DELETE FROM uses WHERE hash = ? AND seq = ?", content, seq)


def _drop_oldest_body(db: Sql) -> bool:
    found = db.rows("SELECT seq, body FROM records WHERE droppable > 0 ORDER BY seq LIMIT 1")
    for seq, body in found:
        rewrite(db, seq, without_body(event_from_bytes(body)))
        db.run(
            "INSERT INTO meta VALUES ('bodies_dropped', 1)"
            " ON CONFLICT(key) DO UPDATE SET value = value + 1"
        )
    return bool(found)


def _drop_oldest_contents(db: Sql) -> bool:
    """The contents of the oldest record that brought any."""
    seq = db.one("SELECT min(uses.seq) FROM uses JOIN blobs USING(hash)")
    held = db.rows("SELECT hash FROM uses JOIN blobs USING(hash) WHERE seq = ?", seq)
    for (content,) in held:
        _drop_content(db, ContentHash(str(content)))
    return bool(held)


def _drop_content(db: Sql, content: ContentHash) -> None:
    """A file that loses its content is forgotten as sent: the next scan records it again."""
    users = "SELECT seq, body FROM records WHERE seq IN (SELECT seq FROM uses WHERE hash = ?)"
    for seq, body in db.rows(users, content):
        event = event_from_bytes(body)
        rewrite(db, seq, without_content(event, {content}, FULL))
        if isinstance(event.body, FileChanged):
            db.run(
                "DELETE FROM sent_files WHERE working_copy = ? AND path = ?",
                event.working_copy,
                event.body.path,
            )
    db.run("DELETE FROM blobs WHERE hash = ?", content)
