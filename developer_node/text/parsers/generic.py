"""Tools that nobody wrote a parser for: only what says itself that it is an error, and little."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.model.failure import Frame
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_WORD = r"(?:fatal error|error|fatal)"
_PATH = r"(?P<path>(?:[A-Za-z]:)?(?:[\w.@+~-]*/)*[\w.@+-]+\.[A-Za-z]\w{0,9})"
_PLACED = (
    re.compile(
        rf"^{_PATH}:(?P<line>\d+)(?::\d+)?:? {_WORD}(?: ?[\[(]?(?P<code>[A-Z]+\d+)[\])]?)?:"
        r" *(?P<message>\S.*)$",
        re.IGNORECASE,
    ),
    re.compile(
        rf"^{_PATH}\((?P<line>\d+)(?:,\d+)*\) ?: {_WORD}(?: (?P<code>[A-Z]+\d+))? ?:"
        r" *(?P<message>\S.*)$",
        re.IGNORECASE,
    ),
)
_NAMED = re.compile(rf"^(?P<tool>[a-z][\w.+-]{{1,30}}): {_WORD}: (?P<message>\S.*)$")
_ALONE = re.compile(
    r"^(?:│ )?(?:error|Error|ERROR|fatal|FATAL)(?:\[(?P<code>\w+)\])?: (?P<message>\S.*)$"
)
_LAST = 20
"""Words without a place are believed only near the end: it is what the program ended with."""
_PLACED_MAX = 50


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """Every error with a place; without any, the last words that call themselves an error."""
    placed = [f for i, line in enumerate(lines) if (f := _placed(line, i))][:_PLACED_MAX]
    if placed:
        return Parsed(tuple(placed))
    said = [i for i, line in enumerate(lines) if line.strip()][-_LAST:]
    for i in reversed(said):
        named, alone = _NAMED.match(lines[i]), _ALONE.match(lines[i])
        if named:
            return Parsed((_found(named["tool"], "", named["message"], i),))
        if alone:
            return Parsed((_found("command", alone["code"] or "", alone["message"], i),))
    return None


def _placed(line: str, i: int) -> Found | None:
    for shape in _PLACED:
        found = shape.match(line)
        if found:
            message = found["message"].rstrip()
            frame = Frame(found["path"], "", int(found["line"]))
            complaint = Complaint(found["code"] or "", message, message, (frame,))
            return Found(Symptom("compiler", complaint, kind="build"), i, i)
    return None


def _found(tool: str, code: str, message: str, i: int) -> Found:
    return Found(Symptom(tool, Complaint(code, message.rstrip(), message), kind="runtime"), i, i)


PARSER = Parser(
    tool="any other",
    parse=parse,
    hints=("error", "Error", "ERROR", "fatal", "FATAL"),
    kinds=("build", "runtime"),
    captured="lines of the shape `path:line: error: message`; else the last line that begins with"
    " `error:` or `program: error:`; else nothing",
    codes="what stands after the word error, where there is one",
)
