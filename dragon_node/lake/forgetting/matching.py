"""Which events are meant by what somebody wants forgotten. Pure functions.

A record is the unit: one that mentions what is meant goes whole. A description of a working copy
says where it lies and not what was done, so a time alone does not mean it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from common.model.event import (
    ActDone,
    CommandFinished,
    EditorEvent,
    Event,
    FileChanged,
    GitOperation,
    PathChange,
    ProofFinished,
    WorkingCopySeen,
)
from common.model.ids import WorkingCopyId, working_copy_id
from common.model.lake import Oblivion


@dataclass(frozen=True, slots=True)
class Meant:
    """What is to be forgotten, ready to be compared with."""

    asked: Oblivion
    roots: Mapping[WorkingCopyId, str]
    """Where the working copies lie that can be meant, as far as it is known; see `whose`."""

    def time(self, event: Event) -> bool:
        """Whether the event lies in the time."""
        o = self.asked
        if isinstance(event.body, WorkingCopySeen) and not (o.path or o.text):
            return False
        return event.at_ms >= o.since_ms and (not o.until_ms or event.at_ms < o.until_ms)

    def path(self, event: Event) -> bool:
        """Whether the event mentions the path or something below it."""
        if not self.asked.path:
            return True
        copy = event.working_copy
        if copy and self.asked.of_one_machine and copy not in self.roots:
            return False
        place = posixpath.normpath(self.asked.path)
        root = self.roots.get(event.working_copy, "")
        inside, outside = _sides(place, root)
        if inside == ".":
            return True
        return any(
            _below(path, outside) if path.startswith("/") else _below(path, inside)
            for path in _mentioned(event)
            if path
        )

    def covers(self, copy: WorkingCopyId) -> bool:
        """Whether the path lies in this working copy, is it, or has it below."""
        root = self.roots.get(copy, "")
        return bool(root) and _sides(posixpath.normpath(self.asked.path), root)[0] is not None

    def text(self, raw: bytes) -> bool:
        """Whether these bytes contain the text, in any of its spellings."""
        return not self.asked.text or any(needle in raw for needle in needles(self.asked.text))


def whose(asked: Oblivion, known: Mapping[WorkingCopyId, str]) -> Mapping[WorkingCopyId, str]:
    """Of the known working copies those that an absolute path can mean: another machine has the
    same paths. Those are in it too whose place is known no more, as it was forgotten: a name is
    made of the machine and the place."""
    if not asked.of_one_machine:
        return known
    if not asked.machine:
        return {}
    place = posixpath.normpath(asked.path)
    own = {copy: path for copy, path in known.items() if _is_at(copy, asked.machine, path)}
    for around in _upwards(place):
        own[working_copy_id(asked.machine, around)] = around
    for copy in asked.copies:
        own.setdefault(copy, place)
    return own


def needles(text: str) -> tuple[bytes, ...]:
    """A text as it may lie in bytes."""
    spelled = (text.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
    return tuple(dict.fromkeys(spelled))


def _is_at(copy: WorkingCopyId, machine: str, path: str) -> bool:
    return bool(path) and working_copy_id(machine, path) == copy


def _upwards(place: str) -> Iterator[str]:
    while place != "/":
        yield place
        place = posixpath.dirname(place)
    yield place


def _sides(place: str, root: str) -> tuple[str | None, str | None]:
    """The place relative to a working copy, `.` for all of it, and the place in the file system;
    None where it is not known or cannot be."""
    if not place.startswith("/"):
        return place, posixpath.join(root, place) if root else None
    if root and _below(root, place):
        return ".", place
    if root and _below(place, root):
        return posixpath.relpath(place, root), place
    return None, place


def _below(path: str, place: str | None) -> bool:
    if place is None:
        return False
    return path == place or path.startswith(place.rstrip("/") + "/")


def _mentioned(event: Event) -> Iterator[str]:
    match event.body:
        case WorkingCopySeen(path=path) | FileChanged(path=path) | EditorEvent(path=path):
            yield path
        case GitOperation(commits=commits):
            for commit in commits:
                yield from _changed(commit.changes)
        case CommandFinished() as ran:
            yield posixpath.normpath(ran.cwd) if ran.cwd else ""
            yield from _changed(ran.ground.changes if ran.ground else ())
            for failure in ran.failures:
                yield failure.test.partition("::")[0]
                yield from (frame.path for frame in failure.frames)
        case ProofFinished(test=test):
            yield test.partition("::")[0]
        case ActDone(worktree=worktree):
            yield worktree


def _changed(changes: tuple[PathChange, ...]) -> Iterator[str]:
    return (change.path for change in changes)
