"""vitest's reports: what failed, and the names of tests that its reporter prints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from common.model.failure import Frame
from developer_node.text.parsers import javascript
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_PATH = r"(?:\|[^|]+\| )?(?P<path>\S+?\.[cm]?[jt]sx?)"
_RUN = re.compile(r"^ *(?:RUN|DEV) +v\d+\.\d+\.\d+\S* ")
_FAIL = re.compile(rf"^ ?FAIL {{1,2}}{_PATH}(?: \[ .* \]| > (?P<title>\S.*))?$")
_UNHANDLED = re.compile(
    r"^⎯+ (?P<title>Unhandled (?:Rejection|Errors?)|Uncaught Exception|Startup Error) ⎯+$"
)
_RULE = re.compile(r"^⎯{4,}")
_FILE = re.compile(rf"^ +[✓❯×↓] {_PATH} +\((?:\d+ tests?|\d+)(?: \|.*)?\)(?: +\d[\d.]*m?s)?.*$")
_LINE = re.compile(rf"^ +(?P<mark>[✓×↓□❯]) {_PATH} > (?P<name>\S.*?)$")
_ROW = re.compile(r"^(?P<indent> {3,})(?P<mark>[✓×↓□❯]) (?P<name>\S.*?)$")
_TAIL = re.compile(r"(?: \((?:retry|repeat) x\d+\))*(?: +\d[\d.]*m?s)?(?: \[skipped\])?$")
_GROUP_TAIL = re.compile(r" \(\d+\)$")
_COUNTS = re.compile(r"^ +Tests {1,3}(?P<counts>(?:\d+ \w+(?: \| )?)+) \(\d+\)$")
_CAUSED = re.compile(r"^Caused by: ")
_ERROR = re.compile(
    r"^(?:Caused by: )?(?P<code>(?:[A-Za-z_$][\w$]*\.)*[A-Z][\w$]*(?:Error|Exception)?): "
    r"(?P<message>.*)$"
)
_EXCERPT = re.compile(r"^\s*\d+\| |^\s*\| |^\s*\d+\|$")
_EXPECTATION = re.compile(
    r"^expected (?P<got>.+?) (?P<verb>(?:not )?to (?:not )?(?:deeply equal|strictly equal|equal|"
    r"be less than or equal to|be less than|be greater than or equal to|be greater than|"
    r"be close to|be an instance of|be called with arguments:|contain|include|match|"
    r"have a length of|have property|be(?! called\b))) (?P<wanted>.+?)(?P<why> // .*)?$"
)
_SIDE = re.compile(r"^(?P<side>Expected|Received): +(?P<value>\S.*)$")
_AT_FILE = re.compile(r"^ *(?:At file|File): .+?:(?P<line>\d+):\d+$")
_MESSAGE_CHARS_MAX = 4000


def parse(lines: Sequence[str], place: Place) -> Parsed | None:
    """None unless vitest says its name, its counts or its ruled headings."""
    lines = javascript.shown(lines)
    mine = [i for i, s in enumerate(lines) if _RUN.match(s) or _COUNTS.match(s) or _RULE.match(s)]
    if not mine:
        return None
    found = tuple(_reports(lines, place))
    names = _names(lines, place)
    names.failed.update((f.symptom.test, None) for f in found if f.symptom.test)
    counts = _counts(lines)
    if not (counts or found or names.passed):
        return None
    tests = names.report(counts)
    return Parsed(found, tests, own=(range(mine[0], mine[-1] + 1),))


# -- names and counts ------------------------------------------------------------------------


def _names(lines: Sequence[str], place: Place) -> javascript.Names:
    """From lines with whole names, or from the tree of a file, whose groups are indented."""
    names = javascript.Names()
    path, groups = "", [""]
    for i, line in enumerate(lines):
        whole, file = _LINE.match(line), _FILE.match(line)
        row = _ROW.match(line) if path else None
        if whole:
            _note(names, place, whole["path"], whole["mark"], whole["name"])
        elif file:
            path, groups = file["path"], []
        elif row:
            level = (len(row["indent"]) - 3) // 2
            if _is_group(lines, i, row):
                groups = [*groups[:level], _GROUP_TAIL.sub("", _TAIL.sub("", row["name"]))]
            elif level <= len(groups):
                # Deeper rows are of groups that vitest 4 does not print: half a name is none.
                title = " > ".join([*groups[:level], row["name"]])
                _note(names, place, path, row["mark"], title)
    return names


def _is_group(lines: Sequence[str], i: int, row: re.Match[str]) -> bool:
    below = _ROW.match(lines[i + 1]) if i + 1 < len(lines) else None
    is_above = below is not None and len(below["indent"]) > len(row["indent"])
    return is_above and bool(_GROUP_TAIL.search(_TAIL.sub("", row["name"])))


def _note(names: javascript.Names, place: Place, path: str, mark: str, name: str) -> None:
    into = names.skipped if mark in "↓□" else names.passed if mark == "✓" else names.failed
    into[place.node(f"{path}::{_TAIL.sub('', name)}")] = None


def _counts(lines: Sequence[str]) -> dict[str, int]:
    """The last that are printed: on a terminal they are printed again and again."""
    counts: dict[str, int] = {}
    for line in lines:
        found = _COUNTS.match(line)
        if found:
            parts = (part.split(" ") for part in found["counts"].strip().split(" | "))
            counts = {word: int(number) for number, word in parts}
    return counts


# -- reports ---------------------------------------------------------------------------------


def _reports(lines: Sequence[str], place: Place) -> Iterator[Found]:
    """Tests that failed in the same way share one report: each is a failure of its own."""
    waiting: list[tuple[str, int]] = []
    for i, line in enumerate(lines):
        fail, unhandled = _FAIL.match(line), _UNHANDLED.match(line)
        if fail:
            title = f"::{fail['title']}" if fail["title"] else ""
            waiting.append((place.node(f"{fail['path']}{title}"), i))
        elif unhandled:
            waiting.append(("", i))
        if not (fail or unhandled) or _FAIL.match(lines[i + 1] if i + 1 < len(lines) else ""):
            continue
        last = _end(lines, i)
        complaints = _complaints(lines[i + 1 : last + 1])
        for test, first in waiting if complaints else ():
            complaint = _placed(complaints[0], test, lines[i + 1 : last + 1])
            causes = tuple(reversed(complaints[1:]))
            kind = "test" if test else None
            yield Found(Symptom("vitest", complaint, causes, test, kind), first, last)
        waiting = []


def _end(lines: Sequence[str], i: int) -> int:
    while i + 1 < len(lines) and not (_RULE.match(lines[i + 1]) or _FAIL.match(lines[i + 1])):
        i += 1
    return i


def _placed(complaint: Complaint, test: str, body: Sequence[str]) -> Complaint:
    """A file that cannot be read is in no stack: its reader is."""
    if not test or "::" in test or any(f.path == test for f in complaint.frames):
        return complaint
    at = next((m for line in body if (m := _AT_FILE.match(line))), None)
    frame = Frame(test, "", int(at["line"]) if at else 0)
    return replace(complaint, frames=(*complaint.frames, frame))


def _complaints(body: Sequence[str]) -> list[Complaint]:
    """The error and what caused it."""
    parts: list[list[str]] = [[]]
    for line in body:
        if _CAUSED.match(line):
            parts.append([])
        parts[-1].append(line)
    return [c for part in parts if (c := _complaint(part))]


def _complaint(body: Sequence[str]) -> Complaint | None:
    said: list[str] = []
    for line in body:
        if javascript.is_frame(line) or _EXCERPT.match(line):
            break
        if line.strip() or said:
            said.append(line)
    if not said:
        return None
    error = _ERROR.match(said[0])
    code, headline = (error["code"], error["message"]) if error else ("Error", said[0])
    message = "\n".join([headline, *said[1:]]).strip()[:_MESSAGE_CHARS_MAX]
    code = code.rpartition(".")[2]
    return Complaint(code, _claimed(headline, said), message, javascript.stack(body))


def _claimed(headline: str, said: Sequence[str]) -> str:
    """`expected 8 to be 9`: what was expected, and apart from it both sides."""
    expectation = _EXPECTATION.match(headline)
    if expectation:
        words = f"expected … {expectation['verb']} …{expectation['why'] or ''}"
        return f"{words}\n{javascript.claim(expectation['got'], expectation['wanted'])}"
    sides = {m["side"]: m["value"] for line in said if (m := _SIDE.match(line))}
    if len(sides) == 2:
        return f"{headline}\n{javascript.claim(sides['Received'], sides['Expected'])}"
    # "Parse failed with 1 error:" says nothing without the next line.
    more = said[1] if headline.endswith(":") and len(said) > 1 else ""
    return f"{headline} {more}".strip()


PARSER = Parser(
    tool="vitest",
    parse=parse,
    hints=(" RUN ", " DEV ", "⎯⎯⎯⎯", "Test Files"),
    kinds=("test", "runtime"),
    captured="each failed test's error, both sides of its claim, causes and frames; what no test "
    "caught; counts; names of tests as far as they are printed (--reporter=verbose: all)",
    codes="the error's class",
    commands=("vitest",),
    during=True,
)
