"""Reads what git wrote into a reflog since the last time, and names what each line did."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from common.errors import Missing
from common.model.event import GitVerb
from developer_node.text.git import git, text_of

_TAIL_BYTES = 1 << 20
"""Of a reflog that was rewritten only this much is searched for the last line known."""

LINES_MAX = 1_000
"""Of a reflog that only git can read; older lines are passed over."""

_VERBS: dict[str, GitVerb] = {
    "clone": "clone",
    "commit": "commit",
    "commit (initial)": "commit",
    "commit (amend)": "amend",
    "commit (merge)": "merge",
    "commit (cherry-pick)": "cherry-pick",
    "commit (revert)": "revert",
    "checkout": "checkout",
    "switch": "checkout",
    "merge": "merge",
    "reset": "reset",
    "rebase": "rebase",
    "cherry-pick": "cherry-pick",
    "revert": "revert",
    "pull": "pull",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One movement of a reference."""

    old: str
    """Empty when there was none."""
    new: str
    at_ms: int
    message: str


@dataclass(frozen=True, slots=True)
class Place:
    """How far a reflog was read."""

    offset: int = 0
    last: str = ""
    """The last line read, by which a rewritten file is recognised."""
    branch: str = ""
    head: str = ""

    def to_text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Place | None:
        """None when nothing was kept."""
        return cls(**json.loads(text)) if text else None


class Reflog(Protocol):
    """What git notes of each movement of HEAD."""

    def read_on(self, place: Place) -> tuple[list[Line], int, str]:
        """Whole lines after a place, then the new offset and last line. A lost one is empty."""
        ...

    def end(self) -> tuple[int, str]:
        """The offset and the last line now."""
        ...

    def parsed(self, raw: str) -> Line | None:
        """A line as it was read; None when it is not one."""
        ...


@dataclass(frozen=True, slots=True)
class FileReflog:
    """The file that git appends to."""

    path: Path

    def read_on(self, place: Place) -> tuple[list[Line], int, str]:
        """From the offset on, at no cost for what was read before."""
        try:
            with self.path.open("rb") as file:
                start = _start(file.seek(0, 2), place, self.path)
                file.seek(start)
                data = file.read()
        except FileNotFoundError:
            return [], 0, ""
        whole = data[: data.rfind(b"\n") + 1]
        lines = whole.decode("utf-8", "replace").splitlines()
        parsed = [line for raw in lines if (line := parse(raw)) is not None]
        return parsed, start + len(whole), lines[-1] if lines else place.last

    def end(self) -> tuple[int, str]:
        """Of a file that is not there 0 and nothing."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(0, size - 4096))
                lines = file.read().decode("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return 0, ""
        return size, lines[-1] if lines else ""

    def parsed(self, raw: str) -> Line | None:
        """Git's own form."""
        return parse(raw)


@dataclass(frozen=True, slots=True)
class AskedReflog:
    """Asked of git, where references are kept in tables (reftable) that are git's own business."""

    root: Path

    def read_on(self, place: Place) -> tuple[list[Line], int, str]:
        """The newest line that is known is looked for; without it only where HEAD is counts."""
        lines = self._lines()
        if place.last and place.last not in lines:
            return [], 0, lines[-1] if lines else ""
        known = len(lines) - lines[::-1].index(place.last) if place.last else 0
        parsed: list[Line] = []
        for at, raw in enumerate(lines[known:], start=known):
            if (line := self.parsed(raw)) is not None:
                old = lines[at - 1].partition("\t")[0] if at else ""
                parsed.append(Line(old, line.new, line.at_ms, line.message))
        return parsed, 0, lines[-1] if lines else ""

    def end(self) -> tuple[int, str]:
        """There is no offset."""
        lines = self._lines()
        return 0, lines[-1] if lines else ""

    def parsed(self, raw: str) -> Line | None:
        """Id, time and message; where it came from is the line before."""
        new, _, rest = raw.partition("\t")
        selector, _, message = rest.partition("\t")
        when = selector.rpartition("@{")[2].rstrip("}")
        return Line("", new, int(when) * 1000 if when.isdigit() else 0, message) if new else None

    def _lines(self) -> list[str]:
        """Oldest first."""
        form = ["--date=unix", "--format=%H%x09%gd%x09%gs"]
        try:
            said = git(self.root, ["log", "-g", f"--max-count={LINES_MAX}", *form, "HEAD", "--"])
        except Missing:  # no commits yet
            return []
        return text_of(said).splitlines()[::-1]


def reflog_of(root: Path, directory: Path, common: Path) -> Reflog:
    """HEAD's, by git's directory of the working copy and the one that its worktrees share."""
    if (common / "reftable").is_dir():
        return AskedReflog(root)
    return FileReflog(directory / "logs" / "HEAD")


def _start(size: int, place: Place, path: Path) -> int:
    """After the last line known, also when git has expired older ones; 0 if it is not found."""
    known = place.last.encode("utf-8", "replace") + b"\n"
    if not place.last:
        return min(place.offset, size)
    with path.open("rb") as file:
        file.seek(max(0, place.offset - len(known)))
        if size >= place.offset and file.read(len(known)) == known:
            return place.offset
        begin = max(0, size - _TAIL_BYTES)
        file.seek(begin)
        found = file.read().rfind(known)
    return size if found < 0 else begin + found + len(known)


def parse(raw: str) -> Line | None:
    """A line of a reflog; None when it is not one."""
    head, _, message = raw.partition("\t")
    ids, _, rest = head.partition("> ")
    parts = ids.split(" ", 2)
    if len(parts) < 3 or not rest:
        return None
    when = rest.split(" ", 1)[0]
    return Line(_id(parts[0]), _id(parts[1]), int(when) * 1000 if when.isdigit() else 0, message)


def verb_of(message: str) -> GitVerb:
    """What git did, by its own words."""
    said = message.split(":", 1)[0].strip()
    if said in _VERBS:
        return _VERBS[said]
    return _VERBS.get(said.split(" ", 1)[0], "other")


def branch_after(message: str, before: str, branches: Collection[str]) -> str:
    """The branch that HEAD names after this movement; empty when it is detached."""
    if message.startswith("checkout: moving from "):
        target = message.rpartition(" to ")[2]
        return target if target in branches else ""
    return before


def _id(text: str) -> str:
    return "" if set(text) == {"0"} else text
