"""Events and failures as hits. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from common.model.answer import Hit
from common.model.event import (
    ActDone,
    CommandFinished,
    EditorEvent,
    Event,
    GitOperation,
    ProofFinished,
)
from common.model.failure import Failure, Frame, Occurrence, Recollection
from common.model.lake import HistoryEntry
from dragon_node.answer.question import covered

SUBJECTS_SHOWN = 5


def event_hit(entry: HistoryEntry, words: tuple[str, ...], place: str) -> Hit:
    """An event with what of it was found; `place` is its working copy's path."""
    event = entry.event
    return Hit(
        project=entry.project,
        working_copy=place,
        path="",
        start_line=0,
        end_line=0,
        commit=event.body.new if isinstance(event.body, GitOperation) else "",
        text=_said(entry, words),
        kind="event",
        event=event.id,
        at_ms=event.at_ms,
    )


def failure_hit(found: Recollection, inside: Sequence[Occurrence], place: str) -> Hit | None:
    """A failure where it last happened; `inside` are the occurrences that were asked for, newest
    first, and `place` is the last one's working copy. None when there are none."""
    if found.failure is None or not inside:
        return None
    failure, last = found.failure, inside[0]
    frame = _own_frame(failure)
    return Hit(
        project=last.project,
        working_copy=place,
        path=frame.path if frame else "",
        start_line=frame.line if frame else 0,
        end_line=frame.line if frame else 0,
        symbol=failure.test,
        commit=last.commit,
        text=f"{last.command}\n{failure.code}: {last.message}",
        kind="failure",
        event=last.event_id,
        at_ms=last.at_ms,
    )


def what(event: Event) -> str:
    """A word for people: command, commit, pull ..."""
    match event.body:
        case CommandFinished():
            return "command"
        case GitOperation(operation="other"):
            return "git"
        case GitOperation() as git:
            return git.operation
        case EditorEvent():
            return "editor"
        case ProofFinished():
            return "proof"
        case ActDone():
            return "act"
        case _:
            return "file"


def _own_frame(failure: Failure) -> Frame | None:
    """The innermost that is the developer's own code."""
    ours = [frame for frame in failure.frames if frame.in_app]
    return ours[-1] if ours else None


def _said(entry: HistoryEntry, words: tuple[str, ...]) -> str:
    match entry.event.body:
        case CommandFinished() as ran:
            return "\n".join(filter(None, (ran.command, entry.excerpt)))
        case GitOperation() as git:
            subjects = [commit.subject for commit in git.commits]
            subjects.sort(key=lambda subject: -len(covered(words, subject)))
            return "\n".join(filter(None, (*subjects[:SUBJECTS_SHOWN], git.message)))
        case EditorEvent() as edited:
            return edited.message
        case ProofFinished() as proof:
            return "\n".join(filter(None, (proof.verdict, proof.reason, proof.command)))
        case ActDone() as act:
            return act.sentence
        case _:
            return ""
