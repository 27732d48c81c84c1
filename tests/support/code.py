"""A project's file in memory and a person who saves and commits in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import apsw

from common.model.event import Body, Commit, Event, FileChanged, GitOperation, PathChange
from common.model.ids import ContentHash, EventId, WorkingCopyId, content_hash
from dragon_node.ingest.chunking import chunk
from dragon_node.lake import code, project

COPY = WorkingCopyId("1" * 16)
OTHER = WorkingCopyId("2" * 16)


def new_file(path: str = ":memory:") -> apsw.Connection:
    """An empty project's file."""
    db = apsw.Connection(path)
    db.execute(project.SCHEMA)
    return db


def git_name(text: str | None) -> str:
    """Stands for git's id of a content; empty for none."""
    return "" if text is None else f"git-{content_hash(text.encode())}"


@dataclass(slots=True)
class Person:
    """Each call is the next record, a second after the one before."""

    db: apsw.Connection = field(default_factory=new_file)
    copy: WorkingCopyId = COPY
    lsn: int = 0
    at_ms: int = 0
    changed: code.Changed = field(default_factory=code.Changed)

    def save(self, path: str, text: str, *, head: str = "", dirty: bool = True) -> None:
        """A file with this text."""
        raw = text.encode()
        size = len(raw)
        self.tell(
            FileChanged(path, False, content_hash(raw), git_name(text), size, "", head, dirty), text
        )

    def delete(self, path: str) -> None:
        """The file is gone."""
        self.tell(FileChanged(path, deleted=True))

    def commit(
        self, sha: str, parent: str, before_after: Mapping[str, tuple[str | None, str | None]]
    ) -> None:
        """A commit of files, each with its text before and after; None where it was not there."""
        changes = tuple(
            PathChange(path, git_name(old), git_name(new), _content(old), _content(new))
            for path, (old, new) in before_after.items()
        )
        texts = [text for pair in before_after.values() for text in pair if text is not None]
        one = Commit(sha, (parent,) if parent else (), self.at_ms + 1_000, sha, changes)
        self.tell(GitOperation("commit", parent, sha, commits=(one,)), *texts)

    def tell(self, body: Body, *texts: str) -> None:
        """Any record, with contents that it refers to."""
        self.lsn += 1
        self.at_ms += 1_000
        blobs = {content_hash(text.encode()): text.encode() for text in texts}
        code.keep(self.db, blobs)
        event = Event(EventId(f"{self.lsn:032x}"), self.at_ms, self.copy, body)
        code.apply(self.db, event, self.lsn, blobs, chunk, self.changed)


def _content(text: str | None) -> ContentHash:
    return ContentHash("") if text is None else content_hash(text.encode())
