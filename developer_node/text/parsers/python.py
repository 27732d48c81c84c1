"""Python tracebacks, chained ones too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from common.model.failure import FailureKind, Frame
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import CHAINED, Complaint, Place, Symptom, plain_lines

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
KINDS: dict[str, FailureKind] = {
    "ModuleNotFoundError": "environment",
    "PermissionError": "permission",
    "ConnectionError": "network",
    "ConnectionRefusedError": "network",
    "ConnectionResetError": "network",
    "TimeoutError": "network",
    "gaierror": "network",
    "SyntaxError": "build",
    "IndentationError": "build",
    "TabError": "build",
}
"""Of exceptions; all others are of kind runtime."""
_STOPPED = frozenset(("KeyboardInterrupt", "SystemExit", "GeneratorExit"))
"""The person or the program chose to stop: not a failure."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A traceback with those before it that led to it."""

    complaints: tuple[Complaint, ...]
    first: int
    last: int

    def found(self) -> Found:
        """Its last exception is the failure, the others its causes."""
        *causes, complaint = self.complaints
        kind = KINDS.get(complaint.code, "runtime")
        symptom = Symptom("python", complaint, tuple(causes), kind=kind)
        return Found(symptom, self.first, self.last)


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """The last traceback: what the program died of. Earlier ones may have been handled."""
    tracebacks = chains(lines)
    own = tuple(range(c.first, c.last + 1) for c in tracebacks)
    died = tracebacks[-1] if tracebacks else _bare_syntax_error(lines)
    if died is None:
        return None
    stopped = died.complaints[-1].code in _STOPPED
    return Parsed(() if stopped else (died.found(),), own=own)


def headline(text: str) -> Symptom | None:
    """An exception's type and message that stand alone, as people pass them on."""
    lines = [line.strip() for line in plain_lines(text) if line.strip()]
    found = _HEADLINE.match(lines[0]) if len(lines) == 1 else None
    if found is None:
        return None
    complaint = _complaint(found, ())
    return Symptom("python", complaint, kind=KINDS.get(complaint.code, "runtime"))


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


def chains(lines: Sequence[str]) -> list[Chain]:
    """Every traceback, in order."""
    chains: list[Chain] = []
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
            before = chains.pop()
            chains.append(Chain((*before.complaints, complaint), before.first, i + taken - 1))
        else:
            chains.append(Chain((complaint,), i, i + taken - 1))
        chained = False
        i += taken
    return chains


def _bare_syntax_error(lines: Sequence[str]) -> Chain | None:
    """`python broken.py` prints no traceback header for a file that it could not read."""
    for i, line in enumerate(lines):
        frame = _FRAME.match(line)
        if not frame or frame["function"]:
            continue
        for n, later in enumerate(lines[i + 1 : i + 1 + _SYNTAX_LINES_MAX], i + 1):
            error = _SYNTAX.match(later)
            if error:
                place = Frame(frame["path"], "", int(frame["line"]))
                said = Complaint(error["code"], error["message"], error["message"], (place,))
                return Chain((said,), i, n)
    return None


PARSER = Parser(
    tool="python",
    parse=parse,
    hints=(
        "Traceback (most recent call last):",
        *(f"{error}: " for error in ("SyntaxError", "IndentationError", "TabError")),
    ),
    kinds=("runtime", "build", "environment", "network", "permission"),
    captured="the last traceback with its chain of exceptions and frames; a file that cannot be"
    " read as Python",
    codes="the exception's type",
    commands=("python", "python3"),
    during=True,
)
