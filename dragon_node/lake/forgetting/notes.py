"""What is journalled when something is forgotten: identities and hashes, never the secret.

    Note("forget")   id, project, path, events, lsns, contents, secrets, commits, copies
    Note("forgot")   id    every step of it has been done

One of the first for each project and some thousand events; all of a forgetting share its id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common.model.ids import ContentHash, EventId, ProjectId
from dragon_node.lake.records import Note

EVENTS_A_NOTE = 2_000


@dataclass(frozen=True, slots=True)
class Oblivious:
    """One note, read."""

    id: str
    project: ProjectId
    path: str = ""
    """As it was asked for, so that laptops can forget it too."""
    events: tuple[EventId, ...] = ()
    lsns: tuple[int, ...] = ()
    """Theirs, in the same order."""
    contents: tuple[ContentHash, ...] = ()
    """What they refer to: it goes where nothing else refers to it."""
    secrets: tuple[ContentHash, ...] = ()
    """Contents that are not to be taken in again."""
    commits: tuple[str, ...] = ()
    """That no other event has told."""
    copies: tuple[str, ...] = ()
    """Working copies whose description goes."""
    refusals: tuple[str, ...] = ()
    """LSN:ORIGIN:SEQ of refusals whose reason goes."""

    @property
    def overwritten(self) -> list[int]:
        """Positions in the journal whose records become tombstones."""
        return [*self.lsns, *(int(refusal.partition(":")[0]) for refusal in self.refusals)]


def forget(meant: Oblivious) -> Iterator[Note]:
    """The notes for one project."""
    starts = range(0, max(1, len(meant.events)), EVENTS_A_NOTE)
    for start in starts:
        chunk = slice(start, start + EVENTS_A_NOTE)
        fields = {
            "id": meant.id,
            "project": meant.project,
            "path": meant.path,
            "events": " ".join(meant.events[chunk]),
            "lsns": " ".join(map(str, meant.lsns[chunk])),
        }
        if start == starts[-1]:  # when all events are gone it is known what is referred to
            fields |= {
                "contents": " ".join(meant.contents),
                "secrets": " ".join(meant.secrets),
                "commits": " ".join(meant.commits),
                "copies": " ".join(meant.copies),
                "refusals": " ".join(meant.refusals),
            }
        yield Note("forget", fields)


def read(fields: dict[str, str]) -> Oblivious:
    """What such a note says."""
    return Oblivious(
        id=fields["id"],
        project=ProjectId(fields["project"]),
        path=fields["path"],
        events=tuple(map(EventId, fields["events"].split())),
        lsns=_numbers(fields, "lsns"),
        contents=tuple(map(ContentHash, fields.get("contents", "").split())),
        secrets=tuple(map(ContentHash, fields.get("secrets", "").split())),
        commits=tuple(fields.get("commits", "").split()),
        copies=tuple(fields.get("copies", "").split()),
        refusals=tuple(fields.get("refusals", "").split()),
    )


def forgot(identity: str) -> Note:
    """All of it has been done."""
    return Note("forgot", {"id": identity})


def together(notes: Sequence[Oblivious]) -> list[ContentHash]:
    """Every content that notes mention, each once."""
    return list(dict.fromkeys(h for note in notes for h in (*note.contents, *note.secrets)))


def _numbers(fields: dict[str, str], name: str) -> tuple[int, ...]:
    return tuple(map(int, fields.get(name, "").split()))
