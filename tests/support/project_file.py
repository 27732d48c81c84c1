"""One project's file without a lake around it: events are applied as the lake would."""

from __future__ import annotations

from collections.abc import Mapping

import apsw

from common.model.event import (
    Body,
    CommandFinished,
    Commit,
    Event,
    GitOperation,
    Output,
    PathChange,
)
from common.model.failure import Failure
from common.model.ids import ContentHash, Fingerprint, ProjectId, WorkingCopyId
from common.wire.nouns import event_to_bytes
from dragon_node.ingest.chunking import chunk
from dragon_node.lake import code, project
from dragon_node.lake.records import NO_ORIGIN, Chunker, Note
from dragon_node.lake.shards import Step
from tests.support.lake import COPY, ORIGIN, contents, event

PROJECT = ProjectId("b" * 16)
MINUTE_MS = 60_000


class ProjectFile:
    """A project's file in memory, written to by records in order."""

    def __init__(self, chunker: Chunker = chunk) -> None:
        self.db = apsw.Connection(":memory:")
        self.db.execute(project.SCHEMA)
        self.lsn = 0
        self.changed = code.Changed()
        """What the last record did to chunks."""
        self._chunker = chunker

    def tell(
        self,
        body: Body | Event | Note,
        *texts: str,
        at_ms: int = 1_000,
        copy: WorkingCopyId = COPY,
        blobs: Mapping[ContentHash, bytes] | None = None,
    ) -> Event | Note:
        """Applies one record; texts are contents that it refers to."""
        self.lsn += 1
        said = body if isinstance(body, Note | Event) else event(body, copy, at_ms)
        raw = event_to_bytes(said) if isinstance(said, Event) else b""
        origin = ORIGIN if isinstance(said, Event) else NO_ORIGIN
        step = Step(self.lsn, origin, self.lsn, PROJECT, "thing", at_ms, raw, said)
        self.changed = self.apply([step], {**contents(*texts), **(blobs or {})})
        return said

    def apply(self, steps: list[Step], blobs: Mapping[ContentHash, bytes]) -> code.Changed:
        """As the pipeline does, in one transaction."""
        with self.db:
            return project.apply(self.db, steps, blobs, lambda _: {}, self._chunker)


def failed(
    command: str = "pytest", text: str = "", fingerprint: str = "f" * 32, message: str = "boom"
) -> CommandFinished:
    """A run that ended with one failure."""
    failure = Failure(
        "pytest", "AssertionError", "test", message, message, fingerprint=Fingerprint(fingerprint)
    )
    output = Output(text, len(text.encode()), 0)
    return CommandFinished(command, "/home/ada/thing", (1,), 10, output, failures=(failure,))


def committed(sha: str, *paths: str, subject: str = "") -> GitOperation:
    """A commit of these files was made."""
    changes = tuple(PathChange(path, "", f"git-{sha}-{path}") for path in paths)
    commit = Commit(sha, (), 1_000, subject or f"change {sha}", changes)
    return GitOperation("commit", new=sha, ref="refs/heads/main", commits=(commit,))
