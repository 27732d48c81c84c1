"""Turns times, sizes and freshness into the words that people use."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from common.short_ids import SHORT

if TYPE_CHECKING:
    from common.model.answer import Freshness, Hit, ProjectFreshness


def iso(at_ms: int) -> str | None:
    """UTC with milliseconds, as scripts read it; None when not known."""
    if at_ms <= 0:
        return None
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ago(at_ms: int, now_ms: int) -> str:
    """How long ago, in the largest unit that fits."""
    seconds = max(0, (now_ms - at_ms) // 1000)
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return f"{count(seconds // length, unit)} ago"
    return f"{seconds} s ago" if seconds >= 5 else "just now"


def when(at_ms: int) -> str:
    """Local date and time to the second; an imported command may not say when it ran."""
    if at_ms <= 0:
        return f"{'time not known':<19}"
    return datetime.fromtimestamp(at_ms / 1000).strftime("%Y-%m-%d %H:%M:%S")


def clock(at_ms: int) -> str:
    """Local time of day to the second."""
    return datetime.fromtimestamp(at_ms / 1000).strftime("%H:%M:%S")


def count(number: int, noun: str) -> str:
    """The noun with its number."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def size(number: int) -> str:
    """Bytes in the unit that people use."""
    amount = float(number)
    for unit in ("bytes", "KB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return (
                f"{amount:.0f} {unit}"
                if amount >= 10 or unit == "bytes"
                else f"{amount:.1f} {unit}"
            )
        amount /= 1000
    raise AssertionError("unreachable")


def percent(share: float) -> str:
    """Never says 100 % before it is."""
    return f"{int(share * 100)} %"


NOTHING_NEWER = "Nothing newer is known without the Dragon"


def freshness_sentence(freshness: Freshness) -> str:
    """One line: what the answer knows about, how far behind that is, and who was not asked."""
    if freshness.away is not None:
        return _away_sentence(freshness)
    if not freshness.projects:
        said = _not_asked(freshness) or ["nothing is indexed yet"]
        return ". ".join(part[:1].upper() + part[1:] for part in said) + "."
    names = copy_names(freshness.projects)
    parts = [
        _project(each, name) for each, name in zip(freshness.projects[:3], names, strict=False)
    ]
    if len(freshness.projects) > 3:
        parts.append(f"{len(freshness.projects) - 3} more")
    if freshness.events_behind:
        parts.append(f"{count(freshness.events_behind, 'event')} behind")
    if freshness.words_behind:
        parts.append(f"{count(freshness.words_behind, 'record')} not yet by words")
    if freshness.vectors_share < 1:
        parts.append(f"{percent(freshness.vectors_share)} by meaning")
    return "As of " + " · ".join((*parts, *_not_asked(freshness)))


def _away_sentence(freshness: Freshness) -> str:
    """Below an answer that was made here: what was read, and what could not be asked."""
    here = [_project(p, p.project) for p in freshness.projects[:3]]
    said = [f"As of {' · '.join(here)}"] if here else []
    return ". ".join([*said, *(s.rstrip(".") for s in _not_asked(freshness))] or [NOTHING_NEWER])


def _not_asked(freshness: Freshness) -> list[str]:
    said = list(freshness.not_asked)
    if freshness.asleep:
        said.append(f"not asked, because asleep: {', '.join(freshness.asleep)}")
    return said


def copy_names(known: Sequence[ProjectFreshness]) -> list[str]:
    """Each by its project; clones of one project by their place, those at one path by their
    laptop as well, and where that has one name too, by their id."""
    named = Counter(each.project for each in known)
    placed = Counter((each.project, each.working_copy) for each in known)
    hosted = Counter((each.project, each.working_copy, each.machine) for each in known)
    said: list[str] = []
    for each in known:
        name = each.project
        if named[name] > 1:
            name += f" in {_short(each.working_copy)}"
        if placed[each.project, each.working_copy] > 1:
            own = each.machine and hosted[each.project, each.working_copy, each.machine] == 1
            name += f" on {each.machine or 'a laptop'}" + ("" if own else f" ({each.copy[:SHORT]})")
        said.append(name)
    return said


def _project(project: ProjectFreshness, name: str) -> str:
    at = project.indexed_commit[:7] or "no commit"
    said = f"{name} {at}"
    if project.head_commit and project.head_commit != project.indexed_commit:
        said += f" (HEAD is {project.head_commit[:7]})"
    if project.files_behind < 0:
        return said + ", first scan runs"
    if project.files_behind:
        return said + f", {count(project.files_behind, 'file')} behind"
    return said


def _short(path: str) -> str:
    home = os.path.expanduser("~")
    return f"~{path[len(home) :]}" if path.startswith(home + os.sep) else path


def place(hit: Hit, cwd: str = "") -> str:
    """path:lines, relative to where the person is when it lies below."""
    path = hit.path
    if hit.working_copy:
        whole = os.path.join(hit.working_copy, hit.path)
        path = os.path.relpath(whole, cwd) if cwd and _below(whole, cwd) else whole
    lines = str(hit.start_line)
    return f"{path}:{lines if hit.end_line <= hit.start_line else f'{lines}-{hit.end_line}'}"


def _below(path: str, directory: str) -> bool:
    return Path(path).is_relative_to(directory)


def link(hit: Hit) -> str:
    """The file on this machine, for a click; empty when it is on none."""
    if not hit.working_copy:
        return ""
    return (Path(hit.working_copy) / hit.path).as_uri() if hit.working_copy.startswith("/") else ""
