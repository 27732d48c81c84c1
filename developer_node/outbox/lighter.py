"""What of an event may be left out when the outbox is full or a blob is gone: never the fact."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from common.model.event import (
    ActDone,
    CommandFinished,
    Commit,
    Event,
    FileChanged,
    GitOperation,
    Ground,
    PathChange,
    ProofFinished,
    content_hashes,
)
from common.model.ids import ContentHash

FULL = "the outbox was full"


def droppable_bytes(event: Event) -> int:
    """Bytes of output and patches that `without_body` would save."""
    match event.body:
        case CommandFinished(output=output) | ProofFinished(output=output) | ActDone(output=output):
            return len(output.text)
        case GitOperation(commits=commits):
            return sum(len(commit.patch) for commit in commits)
        case _:
            return 0


def without_body(event: Event) -> Event:
    """The same fact without output text and patches, which it then counts as dropped."""
    match event.body:
        case (
            CommandFinished(output=output) | ProofFinished(output=output) | ActDone(output=output)
        ) as body:
            light = replace(output, text="", bytes_dropped=output.bytes_total)
            return replace(event, body=replace(body, output=light))
        case GitOperation(commits=commits) as body:
            cut = tuple(replace(c, patch="", cut=c.cut or bool(c.patch)) for c in commits)
            return replace(event, body=replace(body, commits=cut))
        case _:
            return event


def without_content(event: Event, gone: Collection[ContentHash], reason: str) -> Event:
    """The same fact without references to content that is not held any more."""
    if not any(h in gone for h in content_hashes(event.body)):
        return event
    match event.body:
        case FileChanged() as body:
            light = replace(body, content=ContentHash(""), skipped=f"not kept: {reason}")
            return replace(event, body=light)
        case GitOperation(commits=commits) as body:
            light = replace(body, commits=tuple(_commit(c, gone) for c in commits))
            return replace(event, body=light)
        case CommandFinished(ground=Ground() as ground) as body:
            light = replace(body, ground=_ground(ground, gone, reason))
            return replace(event, body=light)
        case _:
            return event


def _ground(ground: Ground, gone: Collection[ContentHash], reason: str) -> Ground:
    return replace(
        ground,
        packages=_kept(ground.packages, gone),
        variables=_kept(ground.variables, gone),
        changes=tuple(_change(change, gone) for change in ground.changes),
        dirty=tuple(_change(change, gone) for change in ground.dirty),
        cut=(*ground.cut, f"some contents are left out: {reason}"),
    )


def _commit(commit: Commit, gone: Collection[ContentHash]) -> Commit:
    return replace(commit, changes=tuple(_change(change, gone) for change in commit.changes))


def _change(change: PathChange, gone: Collection[ContentHash]) -> PathChange:
    return replace(
        change,
        old_content=_kept(change.old_content, gone),
        new_content=_kept(change.new_content, gone),
    )


def _kept(content: ContentHash, gone: Collection[ContentHash]) -> ContentHash:
    return ContentHash("") if content in gone else content
