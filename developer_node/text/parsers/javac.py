"""javac's errors, also as gradle passes them on: message, what is missing, place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from common.model.failure import FailureKind, Frame
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_PLACE = re.compile(
    r"^(?::[\w:-]+?(?=/))?(?P<path>[^\s:].*?\.java):(?P<line>\d+): "
    r"(?P<level>error|warning): (?:\[(?P<lint>[\w-]+)\] )?(?P<said>.+)$"
)
_KEYED = re.compile(
    r"^(?P<path>\S+\.java):(?P<line>\d+):\d+: (?P<code>compiler\.err\.[\w.]+)(?:: (?P<said>.*))?$"
)
_PLACELESS = re.compile(
    r"^error: (?P<said>invalid flag: .+|file not found: .+|release version .+ not supported|"
    r"invalid (?:source|target) release.+|Source option .+ is no longer supported.*|"
    r"module not found: .+|Could not find class file .+|no source files)$"
)
_WERROR = re.compile(r"^error: warnings found and -Werror specified$")
_DETAIL = re.compile(r"^  (?P<key>symbol|required|found|reason): +(?P<said>.+)$")
_CARET = re.compile(r"^\s*\^$")
_INDENTED = re.compile(r"^  \S")
_MESSAGE_CHARS_MAX = 4000


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """Warnings count only when they were made errors."""
    levels = ("error", "warning") if any(_WERROR.match(n) for n in lines) else ("error",)
    found = list(_found(lines, levels))
    return Parsed(tuple(found)) if found else None


def details(block: Sequence[str]) -> list[str]:
    """What tells two `cannot find symbol` apart; its place is a frame already."""
    found = [m for line in block if (m := _DETAIL.match(line))]
    return [f"{m['key']}: {' '.join(m['said'].split())}" for m in found if m["key"] != "reason"]


def _found(lines: Sequence[str], levels: tuple[str, ...]) -> Iterator[Found]:
    for i, line in enumerate(lines):
        at, keyed, alone = _PLACE.match(line), _KEYED.match(line), _PLACELESS.match(line)
        if at and at["level"] in levels:
            last = _last(lines, i)
            block = lines[i : last + 1]
            headline = "\n".join([at["said"], *details(block)])
            frame = Frame(at["path"], "", int(at["line"]))
            message = "\n".join([at["said"], *block[1:]])[:_MESSAGE_CHARS_MAX]
            complaint = Complaint(at["lint"] or "", headline, message, (frame,))
            kind: FailureKind = "lint" if at["lint"] else "build"
            yield Found(Symptom("javac", complaint, kind=kind), i, last)
        elif keyed:
            frame = Frame(keyed["path"], "", int(keyed["line"]))
            complaint = Complaint(keyed["code"], keyed["said"] or "", line, (frame,))
            yield Found(Symptom("javac", complaint, kind="build"), i, i)
        elif alone:
            complaint = Complaint("", alone["said"], line)
            yield Found(Symptom("javac", complaint, kind="environment"), i, i)


def _last(lines: Sequence[str], i: int) -> int:
    """The source and its caret, then what is indented by two."""
    if i + 2 < len(lines) and _CARET.match(lines[i + 2]):
        i += 2
    while i + 1 < len(lines) and _INDENTED.match(lines[i + 1]):
        i += 1
    return i


PARSER = Parser(
    tool="javac",
    parse=parse,
    hints=(".java:", "error: "),
    kinds=("build", "lint", "environment"),
    captured="each error's message with its symbol and what was required and found, its place; "
    "warnings that -Werror made errors",
    codes="a lint's name: rawtypes; compiler.err.* with -XDrawDiagnostics",
    commands=("javac", "gradle", "gradlew", "ant"),
)
