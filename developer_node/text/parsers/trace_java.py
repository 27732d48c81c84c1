"""Stack traces of the JVM: the exception, what caused it, and the frames of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common.model.failure import Frame
from developer_node.text.parsers.symptom import Complaint

_TITLE = re.compile(
    r"^(?P<indent>\s*)(?:Exception in thread \"[^\"]*\" )?(?P<caused>Caused by: )?"
    r"(?P<code>(?:[\w$]+\.)+[A-Z][\w$]*)(?:: (?P<message>.*))?$"
)
_AT = re.compile(
    r"^\s+at (?:(?P<module>[\w.@/-]+)/)?(?P<class>[\w$.]+)\.(?P<method>[\w$<>-]+)"
    r"\((?:(?P<file>[\w$.-]+\.\w+):(?P<line>\d+)|[^)]*)\)(?: ~?\[.*\])?$"
)
_MORE = re.compile(r"^\s+\.\.\. \d+ (?:more|common frames omitted)$")
_LIBRARY = re.compile(
    r"^(?:java|javax|jdk|sun|com\.sun|kotlin|kotlinx|scala|groovy|junit|org\.(?:junit|hamcrest|"
    r"assertj|mockito|opentest4j|testng|gradle|apache|springframework|hibernate|codehaus|"
    r"jetbrains|eclipse|slf4j)|com\.(?:fasterxml|google\.common|zaxxer)|io\.(?:netty|reactivex))\."
)
"""Packages that no developer of a product calls own; the JVM names no jar."""

_MESSAGE_LINES_MAX = 30


@dataclass(frozen=True, slots=True)
class Trace:
    """One exception with its causes, and its lines."""

    complaint: Complaint
    """What was thrown last; its frames are those of the deepest cause."""
    causes: tuple[Complaint, ...]
    """First raised first."""
    first: int
    last: int


def traces(lines: Sequence[str]) -> Iterator[Trace]:
    """Every trace with at least one frame, in printed order."""
    i = 0
    while i < len(lines):
        trace = trace_at(lines, i)
        if trace:
            yield trace
        i = trace.last + 1 if trace else i + 1


def trace_at(lines: Sequence[str], i: int) -> Trace | None:
    """The trace whose title is this line."""
    title = _TITLE.match(lines[i])
    if title is None or title["caused"]:
        return None
    parts = list(_parts(lines, i))
    if not any(complaint.frames for complaint, _ in parts):
        return None
    thrown = [complaint for complaint, _ in parts]
    own = thrown[0]
    frames = thrown[-1].frames or own.frames
    whole = Complaint(own.code, own.headline, own.message, frames)
    return Trace(whole, tuple(reversed(thrown[1:])), i, parts[-1][1])


def _parts(lines: Sequence[str], i: int) -> Iterator[tuple[Complaint, int]]:
    """The exception and each cause, with the last line of each."""
    title = _TITLE.match(lines[i])
    while title:
        said, at = _said(lines, i + 1, title["message"] or "")
        frames, at = _frames(lines, at)
        code = title["code"].rpartition(".")[2]
        yield Complaint(code, said[0], "\n".join(said), tuple(reversed(frames))), at - 1
        i = at
        title = _TITLE.match(lines[i]) if i < len(lines) else None
        title = title if title and title["caused"] else None


def _said(lines: Sequence[str], i: int, first: str) -> tuple[list[str], int]:
    """A message may have several lines: all up to the first frame, if one comes soon."""
    for n in range(i, min(i + _MESSAGE_LINES_MAX, len(lines))):
        if _AT.match(lines[n]):
            return [first, *lines[i:n]], n
        if _TITLE.match(lines[n]):
            break
    return [first], i


def _frames(lines: Sequence[str], i: int) -> tuple[list[Frame], int]:
    """Innermost first as printed."""
    frames: list[Frame] = []
    while i < len(lines):
        at = _AT.match(lines[i])
        if at and at["file"]:
            frames.append(_frame(at))
        elif not at and not _MORE.match(lines[i]):
            break
        i += 1
    return frames, i


def _frame(at: re.Match[str]) -> Frame:
    """The JVM names the file alone: its package's folders are put before it."""
    package, _, name = at["class"].rpartition(".")
    function = f"{name.partition('$')[0]}.{at['method']}"
    path = "/".join([*package.split("."), at["file"]]) if package else at["file"]
    if (at["module"] or "").startswith(("java.", "jdk.")) or _LIBRARY.match(at["class"]):
        path = f"<jar>/{path}"
    return Frame(path, function, int(at["line"]))
