"""mypy's errors, one a line or wrapped and underlined by `--pretty`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.model.failure import Frame
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_SAID = re.compile(
    r"^(?P<path>[^\s:]\S*?\.(?:pyi?|ipynb))(?::(?P<line>\d+)(?::\d+(?::\d+:\d+)?)?)?: "
    r"(?P<level>error|note):(?: (?P<message>.*))?$"
)
_CODE = re.compile(r"^(?P<message>.+?)\s+\[(?P<code>[a-z][a-z-]*)\]$")
_SOURCE = re.compile(r"^ {4}\s*\S")
"""`--pretty` shows the line that is meant, four columns in."""
_STOPPED = re.compile(
    r"^mypy: (?:error: )?(?P<message>(?:can't read|invalid|no such|cannot|unrecognized|"
    r"the following|missing) .+)$",
    re.IGNORECASE,
)
_SUMMARY = re.compile(r"^(?:Found \d+ errors? in \d+ files?|Success: no issues found)\b")
_CHARSET = "\x1b(B"
"""mypy ends a colour with the terminal's `sgr0`, which also chooses a character set."""
_WRAPPED_LINES_MAX = 20


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """Notes belong to the error before them and are no symptom."""
    lines = [line.replace(_CHARSET, "") for line in lines]
    found: list[Found] = []
    own: list[range] = []
    for i, line in enumerate(lines):
        said = _SAID.match(line)
        stopped = _STOPPED.match(line)
        if said and said["level"] == "error":
            found.append(_error(lines, i, said))
        elif stopped:
            message = stopped["message"]
            found.append(Found(Symptom("mypy", Complaint("", message, message)), i, i))
        elif said or _SUMMARY.match(line):
            own.append(range(i, i + 1))
    return Parsed(tuple(found), own=tuple(own)) if found or own else None


def _error(lines: Sequence[str], i: int, said: re.Match[str]) -> Found:
    text, last = _whole(lines, i, said["message"] or "")
    coded = _CODE.match(text)
    code, message = (coded["code"], coded["message"]) if coded else ("", text)
    frame = Frame(said["path"], "", int(said["line"] or 0))
    kind = "build" if code == "syntax" else "type"
    return Found(Symptom("mypy", Complaint(code, message, message, (frame,)), kind=kind), i, last)


def _whole(lines: Sequence[str], i: int, begun: str) -> tuple[str, int]:
    """The message as it was before the terminal's width broke it, and its last line."""
    parts = [begun]
    if not _CODE.match(begun):
        for line in lines[i + 1 : i + 1 + _WRAPPED_LINES_MAX]:
            if not line.strip() or line[0].isspace() or _SAID.match(line) or _SUMMARY.match(line):
                break
            parts.append(line)
            if _CODE.match(" ".join(parts)):
                break
    end = i + len(parts)
    shown = end < len(lines) and bool(_SOURCE.match(lines[end]))
    whole = " ".join(" ".join(parts).split())
    if len(parts) > 1 and not (shown or _CODE.match(whole)):
        # What follows was not the rest of it but another program's words.
        return begun, i
    return whole, end + 1 if shown and end + 1 < len(lines) else end - 1


PARSER = Parser(
    tool="mypy",
    parse=parse,
    hints=(": error:", ": note:", "Success: no issues", "mypy: ", ".py:"),
    kinds=("type", "build"),
    captured="each error's message, code, file and line, whole at every width; notes are left out",
    codes="the name in brackets: attr-defined, arg-type, syntax",
    commands=("mypy", "dmypy"),
)
