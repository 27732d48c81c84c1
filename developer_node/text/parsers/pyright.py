"""pyright's errors (basedpyright prints the same)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.model.failure import FailureKind, Frame
from developer_node.text.parsers import javascript
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_SAID = re.compile(
    r"^ {0,2}(?P<path>[^\s:].*?\.(?:pyi?|ipynb|toml|json)):(?P<line>\d+):\d+ - "
    r"(?P<level>error|warning|information): (?P<message>\S.*)$"
)
_MORE = re.compile(r"^ {4,}\S|^ {2}[\u00a0 ]+\S")
_CODE = re.compile(r"^(?P<message>.*?) ?\((?P<code>report[A-Z]\w*)\)$", re.DOTALL)
_SUMMARY = re.compile(
    r"^(?P<errors>\d+) errors?, (?P<warnings>\d+) warnings?, \d+ (?:informations?|notes?) ?$"
)
_MISSING = re.compile(r'^(?P<message>File or directory "(?P<path>.*)" does not exist)\.?$')
_HEADING = re.compile(r"^/\S.*\.(?:pyi?|ipynb)$")


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """Warnings are no symptom: they stop nothing."""
    lines = javascript.shown(lines)
    found: list[Found] = []
    own: list[range] = []
    for i, line in enumerate(lines):
        said = _SAID.match(line)
        missing = _MISSING.match(line)
        if said:
            last = _last(lines, i)
            own.append(range(i, last + 1))
            if said["level"] == "error":
                found.append(Found(_symptom(said, lines[i + 1 : last + 1]), i, last))
        elif missing:
            path = missing["path"].removeprefix("file://")
            complaint = Complaint("", missing["message"], line, (Frame(path),))
            found.append(Found(Symptom("pyright", complaint, kind="environment"), i, i))
        elif _SUMMARY.match(line) or _is_heading(lines, i):
            own.append(range(i, i + 1))
    return Parsed(tuple(found), own=tuple(own)) if found or own else None


def _symptom(said: re.Match[str], more: Sequence[str]) -> Symptom:
    whole = "\n".join([said["message"], *(line.strip(" \u00a0") for line in more)])
    coded = _CODE.match(whole)
    code, message = (coded["code"], coded["message"]) if coded else ("", whole)
    frame = Frame(said["path"], "", int(said["line"]))
    # What has no rule is the grammar's: it cannot be switched off.
    kind: FailureKind = "type" if code else "build"
    headline = message.partition("\n")[0].strip()
    return Symptom("pyright", Complaint(code, headline, message, (frame,)), kind=kind)


def _last(lines: Sequence[str], i: int) -> int:
    while i + 1 < len(lines) and _MORE.match(lines[i + 1]) and not _SAID.match(lines[i + 1]):
        i += 1
    return i


def _is_heading(lines: Sequence[str], i: int) -> bool:
    after = lines[i + 1] if i + 1 < len(lines) else ""
    return bool(_HEADING.match(lines[i]) and _SAID.match(after))


PARSER = Parser(
    tool="pyright",
    parse=parse,
    hints=(" - error: ", " - warning: ", " errors, ", " error, ", "File or directory "),
    kinds=("type", "build", "environment"),
    captured="each error's message with its explanation, rule, file and line; no warnings",
    codes="the rule: reportReturnType; none for a file that cannot be read",
    commands=("pyright", "basedpyright"),
)
