"""Python tracebacks, chained ones too."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.model.failure import Frame
from developer_node.text.parsers.symptom import CHAINED, Complaint, Symptom, plain_lines

_BEGIN = re.compile(
    r"^(?P<indent>[\s|+]*)(?:Exception Group )?Traceback \(most recent call last\):$"
)
_FRAME = re.compile(r'^\s*File "(?P<path>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>.+))?$')
_ERROR = re.compile(r"^(?P<code>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?$")
_SYNTAX = re.compile(r"^(?P<code>SyntaxError|IndentationError|TabError): (?P<message>.+)$")
_SYNTAX_LINES_MAX = 5
"""Between the File line and the error: source, caret, sometimes a note."""
_HEADLINE = re.compile(
    r"^(?:E\s+)?(?P<code>(?:[A-Za-z_]\w*\.)*[A-Z]\w*[a-z]\w*): (?P<message>\S.*)$"
)
"""Of an exception alone; `ERROR: ` and the like are words of a log."""
_STOPPED = frozenset(("KeyboardInterrupt", "SystemExit", "GeneratorExit"))
"""The person or the program chose to stop: not a failure."""


def parse(text: str) -> Symptom | None:
    """The last traceback: what the program died of. Earlier ones may have been handled."""
    lines = plain_lines(text)
    chains = _chains(lines)
    complaints = chains[-1] if chains else _bare_syntax_error(lines)
    if not complaints or complaints[-1].code in _STOPPED:
        return None
    return Symptom("python", complaints[-1], tuple(complaints[:-1]))


def headline(text: str) -> Symptom | None:
    """An exception's type and message that stand alone, as people pass them on."""
    lines = [line.strip() for line in plain_lines(text) if line.strip()]
    found = _HEADLINE.match(lines[0]) if len(lines) == 1 else None
    return Symptom("python", _complaint(found, ())) if found else None


def complaint_of(lines: Sequence[str]) -> tuple[Complaint, int] | None:
    """The traceback that begins at the first line, and how many lines it takes."""
    begin = _BEGIN.match(lines[0])
    if begin is None:
        return None
    indent = len(begin["indent"])
    frames: list[Frame] = []
    for i, raw in enumerate(lines[1:], 1):
        line = raw[indent:] if len(raw) > indent else ""
        frame = _FRAME.match(line)
        if frame:
            frames.append(Frame(frame["path"], frame["function"] or "", int(frame["line"])))
        elif line and not line[0].isspace():
            error = _ERROR.match(line)
            if error is None:
                return None
            return _complaint(error, tuple(frames)), i + 1
    return None


def _complaint(error: re.Match[str], frames: tuple[Frame, ...]) -> Complaint:
    code = error["code"].rsplit(".", 1)[-1]
    message = error["message"] or ""
    return Complaint(code, message, message, frames)


def _chains(lines: list[str]) -> list[list[Complaint]]:
    chains: list[list[Complaint]] = []
    chained = False
    i = 0
    while i < len(lines):
        if lines[i].strip(" |+") in CHAINED:
            chained = True
        found = complaint_of(lines[i:]) if "Traceback (most" in lines[i] else None
        if found is None:
            i += 1
            continue
        complaint, taken = found
        if chained and chains:
            chains[-1].append(complaint)
        else:
            chains.append([complaint])
        chained = False
        i += taken
    return chains


def _bare_syntax_error(lines: list[str]) -> list[Complaint]:
    """`python broken.py` prints no traceback header for a file that it could not read."""
    for i, line in enumerate(lines):
        frame = _FRAME.match(line)
        if not frame or frame["function"]:
            continue
        for later in lines[i + 1 : i + 1 + _SYNTAX_LINES_MAX]:
            error = _SYNTAX.match(later)
            if error:
                place = Frame(frame["path"], "", int(frame["line"]))
                return [Complaint(error["code"], error["message"], error["message"], (place,))]
    return []
