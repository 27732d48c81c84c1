"""What may enter: an event is read, checked and given its project, or refused with the field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from common.errors import Invalid
from common.model.event import Event, FileChanged, WorkingCopySeen, content_hashes
from common.model.ids import ContentHash, NodeId, Origin, ProjectId, WorkingCopyId
from common.wire.nouns import event_from_bytes
from dragon_node.lake.aliases import Joined, changed, last, together
from dragon_node.lake.identity import KnownCopy, Placed, place, unseen
from dragon_node.lake.journal import Draft
from dragon_node.lake.moves import Moves
from dragon_node.lake.records import NO_ORIGIN, OUTSIDE, Note, Refusal, Row
from dragon_node.lake.shards import step_of

NO_NODE = NodeId("")
AT_MS_MAX = 1 << 48
"""The year 10889: what an event's identity can hold."""
PATH_CHARACTERS_MAX = 4_096

_ID = re.compile(r"[0-9a-f]{32}\Z")
_COPY = re.compile(r"(?:[0-9a-f]{16})?\Z")
_CONTENT = _ID


class Places:
    """Where working copies belong, as far as it was decided; changed by each new description."""

    def __init__(
        self,
        known: dict[WorkingCopyId, KnownCopy],
        names: dict[ProjectId, str],
        joined: Joined | None = None,
        moves: Moves | None = None,
    ) -> None:
        self._known = known
        self.names = names
        """Every project's name."""
        self.joined: Joined = joined or {}
        """Which project each was joined to."""
        self.moves: Moves = moves or Moves()
        """Which came from another Dragon, and which went to one."""

    def of(self, event: Event) -> Placed:
        """The project of an event. A description of a working copy is remembered."""
        copy = event.working_copy
        if not copy:
            self.names.setdefault(OUTSIDE, "")
            return Placed(OUTSIDE, "")
        match event.body:
            case WorkingCopySeen() as seen:
                placed = place(copy, seen, self._known.values())
                self._known[copy] = _known(copy, seen, placed.project, placed.name)
            case _ if copy in self._known:
                placed = Placed(self._known[copy].project, self._known[copy].name)
            case _:
                placed = unseen(copy)
        self.names.setdefault(placed.project, placed.name)
        return placed

    def taken(self, event: Event, project: ProjectId, name: str) -> None:
        """What another Dragon decided of an event."""
        self.names.setdefault(project, name)
        match event.body:
            case WorkingCopySeen() as seen if event.working_copy:
                self._known[event.working_copy] = _known(event.working_copy, seen, project, name)
            case _:
                pass

    def known(self) -> dict[WorkingCopyId, KnownCopy]:
        """What is decided now, to be put back when a batch is refused."""
        return dict(self._known)

    def put_back(self, known: dict[WorkingCopyId, KnownCopy], copies: Iterable[str]) -> None:
        """These working copies are again what they were: nothing about them became durable."""
        for copy in map(WorkingCopyId, copies):
            if copy in known:
                self._known[copy] = known[copy]
            else:
                self._known.pop(copy, None)

    def heard(self, note: Note) -> None:
        """A note has become durable: a join, a part or a move is true from then on."""
        self.moves = self.moves.heard(note)
        if note.kind in ("join", "part"):
            self.joined = changed(self.joined, note)

    def shown(self) -> dict[ProjectId, str]:
        """The names of those that are answered from: not of one that is at another Dragon."""
        hidden = self.moves.hidden
        return {p: name for p, name in self.names.items() if p not in hidden}

    def project_of(self, copy: str) -> ProjectId | None:
        """Where a working copy that was described is; None for any other."""
        known = self._known.get(WorkingCopyId(copy))
        return None if known is None else known.project

    def machine(self, copy: WorkingCopyId) -> str:
        """Of the laptop that a working copy is on, for people; empty when it was not told."""
        known = self._known.get(copy)
        return "" if known is None else known.machine

    def with_copy(self, copy: str) -> list[ProjectId]:
        """Projects of working copies with this id, or at this path on any machine."""
        place = copy.rstrip("/") or copy
        known = self._known.values()
        found = {k.project for k in known if place in (k.working_copy, k.path)}
        return sorted(found - self.moves.hidden)

    def matching(self, project: str) -> list[ProjectId]:
        """Projects of that name or id, with those joined to them, in a fixed order; all when it
        is empty."""
        return sorted(set(self.kept(project)) - self.moves.hidden)

    def kept(self, project: str) -> list[ProjectId]:
        """The same with those that are at another Dragon, of which something is kept here."""
        named = (p for p, name in self.names.items() if project in ("", p, name))
        return sorted({one for p in named for one in together(self.joined, p)})

    def name(self, project: ProjectId) -> str:
        """For people: of the project that it was joined to; empty when it has none."""
        return self.names.get(last(self.joined, project), "")


def _known(copy: WorkingCopyId, seen: WorkingCopySeen, project: ProjectId, name: str) -> KnownCopy:
    roots = frozenset[str]() if seen.shallow else frozenset(seen.roots)
    return KnownCopy(copy, seen.path, frozenset(seen.remotes), roots, project, name, seen.machine)


def admit(origin: Origin, node: NodeId, seq: int, raw: bytes, places: Places) -> list[Draft]:
    """One record as it is journalled: itself, or its refusal; a note before it when a working
    copy changes its project."""
    try:
        event = event_from_bytes(raw)
        check(event)
    except Invalid as error:
        return [refused(origin, node, Refusal(seq, error.field, error.message))]
    placed = places.of(event)
    drafts: list[Draft] = []
    if placed.left is not None:
        note = Note("left", {"working_copy": event.working_copy})
        drafts.append(noted(note, event.at_ms, placed.left, places.names[placed.left]))
    drafts.append(
        Draft(origin, seq, "event", node, placed.project, placed.name, event.at_ms, raw, event)
    )
    return drafts


def noted(note: Note, at_ms: int, project: ProjectId = ProjectId(""), name: str = "") -> Draft:
    """A note as it is journalled."""
    body = json.dumps({"kind": note.kind, "fields": note.fields}).encode()
    return Draft(NO_ORIGIN, 0, "note", NO_NODE, project, name, at_ms, body, note)


def copied(row: Row) -> Draft:
    """A record as another Dragon's journal has it."""
    return Draft(
        row.origin,
        row.seq,
        row.kind,
        row.node,
        row.project,
        row.project_name,
        row.at_ms,
        row.body,
        step_of(row).body,
    )


def brought(
    origin: Origin, node: NodeId, seq: int, raw: bytes, project: tuple[ProjectId, str]
) -> Draft:
    """A record of a project that comes from another Dragon, which has admitted it."""
    event = event_from_bytes(raw)
    return Draft(origin, seq, "event", node, *project, event.at_ms, raw, event)


def refused(origin: Origin, node: NodeId, refusal: Refusal) -> Draft:
    """A refusal as it is journalled: the sequence is consumed, the body is not kept."""
    body = json.dumps({"field": refusal.field, "reason": refusal.reason}).encode()
    return Draft(origin, refusal.seq, "refusal", node, OUTSIDE, "", 0, body, refusal)


def check(event: Event) -> None:
    """Invalid names the field that no event of ours could have."""
    _match(_ID, event.id, "event.id", "32 hex digits")
    _match(_COPY, event.working_copy, "event.working_copy", "16 hex digits or empty")
    if not 0 <= event.at_ms < AT_MS_MAX:
        raise Invalid(f"event.at_ms is {event.at_ms}", field="event.at_ms")
    _contents(content_hashes(event.body))
    match event.body:
        case FileChanged(path=path):
            _relative(path, "event.file_changed.path")
            if not event.working_copy:
                raise Invalid("a file needs a working copy", field="event.working_copy")
        case WorkingCopySeen(path=path):
            if not path or not event.working_copy:
                raise Invalid("a working copy needs its name and path", field="event.working_copy")
        case _:
            pass


def _contents(hashes: Iterable[ContentHash]) -> None:
    for content in hashes:
        _match(_CONTENT, content, "event.body.content", "32 hex digits or empty")


def _match(pattern: re.Pattern[str], value: str, name: str, wanted: str) -> None:
    if not pattern.match(value):
        raise Invalid(f"{name} is {value[:40]!r}; it must be {wanted}", field=name)


def _relative(path: str, name: str) -> None:
    pure = PurePosixPath(path)
    if (
        not path
        or len(path) > PATH_CHARACTERS_MAX
        or pure.is_absolute()
        or ".." in pure.parts
        or "\x00" in path
    ):
        raise Invalid(f"{name} is {path[:80]!r}; it must be relative and stay inside", field=name)
