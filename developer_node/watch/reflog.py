"""Reads what git wrote into a reflog since the last time, and names what each line did."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

from common.errors import Missing
from common.model.event import GitVerb
from developer_node.text.git import git, text_of

_TAIL_BYTES = 1 << 20
"""Of a reflog that was rewritten only this much is searched for the last line known."""

_END_BYTES = 4096
_KNOWN_BYTES = 2048
"""By the hash of so much of its end a line is known again; less than what `end` reads."""

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
    """The last line read as `known_by` names it, by which a rewritten file is recognised: what a
    commit's subject holds is nobody's business on the disk."""
    branch: str = ""
    head: str = ""

    def to_text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Place | None:
        """None when nothing was kept."""
        if not text:
            return None
        place = cls(**json.loads(text))
        if " " in place.last or "\t" in place.last:  # older marks hold the line itself
            return replace(place, last=known_by(place.last.encode("utf-8", "replace")))
        return place


class Reflog(Protocol):
    """What git notes of each movement of HEAD."""

    def read_on(self, place: Place) -> tuple[list[Line], int, str]:
        """Whole lines after a place, then the new offset and what the last line is known by. A
        lost one is empty."""
        ...

    def end(self) -> tuple[int, str]:
        """The offset, and what the last line is known by, now."""
        ...

    def newest(self) -> Line | None:
        """The last line now; None when there is none."""
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
        lines = whole.split(b"\n")[:-1]
        parsed = [line for raw in lines if (line := parse(_text(raw))) is not None]
        return parsed, start + len(whole), known_by(lines[-1]) if lines else place.last

    def end(self) -> tuple[int, str]:
        """Of a file that is not there 0 and nothing."""
        size, last = self._last()
        return size, known_by(last) if last else ""

    def newest(self) -> Line | None:
        """Git's own form."""
        return parse(_text(self._last()[1]))

    def _last(self) -> tuple[int, bytes]:
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(0, size - _END_BYTES))
                return size, file.read().removesuffix(b"\n").rpartition(b"\n")[2]
        except FileNotFoundError:
            return 0, b""


@dataclass(frozen=True, slots=True)
class AskedReflog:
    """Asked of git, where references are kept in tables (reftable) that are git's own business."""

    root: Path

    def read_on(self, place: Place) -> tuple[list[Line], int, str]:
        """The newest line that is known is looked for; without it only where HEAD is counts."""
        lines = self._lines()
        names = [known_by(line.encode("utf-8", "replace")) for line in lines]
        last = names[-1] if names else ""
        if place.last and place.last not in names:
            return [], 0, last
        known = len(lines) - names[::-1].index(place.last) if place.last else 0
        parsed: list[Line] = []
        for at, raw in enumerate(lines[known:], start=known):
            if (line := _asked(raw)) is not None:
                old = lines[at - 1].partition("\t")[0] if at else ""
                parsed.append(replace(line, old=old))
        return parsed, 0, last

    def end(self) -> tuple[int, str]:
        """There is no offset."""
        lines = self._lines()
        return 0, known_by(lines[-1].encode("utf-8", "replace")) if lines else ""

    def newest(self) -> Line | None:
        """Where it came from is not looked up."""
        lines = self._lines()
        return _asked(lines[-1]) if lines else None

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
    if not place.last:
        return min(place.offset, size)
    with path.open("rb") as file:
        if size >= place.offset:
            begin = max(0, place.offset - _END_BYTES)
            file.seek(begin)
            before = file.read(place.offset - begin)
            if before.endswith(b"\n") and known_by(before[:-1].rpartition(b"\n")[2]) == place.last:
                return place.offset
        begin = max(0, size - _TAIL_BYTES)
        file.seek(begin)
        ends = [begin + end for end, line in _ends(file.read()) if known_by(line) == place.last]
    return ends[-1] if ends else size


def _ends(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Every whole line, and where the next one begins."""
    at = 0
    for line in data.split(b"\n")[:-1]:
        at += len(line) + 1
        yield at, line


def known_by(line: bytes) -> str:
    """What a line is recognised by, without what it says."""
    return hashlib.sha256(line[-_KNOWN_BYTES:]).hexdigest()


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _asked(raw: str) -> Line | None:
    """Id, time and message, as git tells them; where it came from is the line before."""
    new, _, rest = raw.partition("\t")
    selector, _, message = rest.partition("\t")
    when = selector.rpartition("@{")[2].rstrip("}")
    return Line("", new, int(when) * 1000 if when.isdigit() else 0, message) if new else None


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
