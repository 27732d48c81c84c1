"""jest's reports: what failed, and the names of tests where it prints the tree of a file."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from common.model.failure import Frame
from developer_node.text.parsers import javascript
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_FILE = re.compile(
    r"^ ?(?P<outcome>PASS|FAIL) {1,2}(?:(?P<project>[\w@/-]+) )?(?P<path>\S.*?\.[cm]?[jt]sx?)"
    r"(?: \([\d.]+ m?s(?:,.*)?\))?$"
)
_RUNS = re.compile(r"^ ?RUNS {1,2}\S")
_TITLE = re.compile(r"^  ● (?P<title>\S.*)$")
_END = re.compile(
    r"^(?:Snapshot Summary|Summary of all failing tests|Test Suites: .*|Tests: .*| › \d+ .*|"
    r"-+\|.*|Ran all test suites.*)$"
)
_ROW = re.compile(r"^(?P<indent>(?:  )+)(?P<mark>[✓✕○✎√×]) (?P<name>\S.*?)(?: \([\d.,]+ m?s\))?$")
_GROUP = re.compile(r"^(?P<indent>(?:  )+)(?P<name>[^\s●].*)$")
_COUNTS = re.compile(r"^Tests: +(?P<counts>(?:\d+ \w+, )*)\d+ total$")
_EXCERPT = re.compile(r"^\s*>?\s*\d+ \| |^\s*\| ")
_ERROR = re.compile(
    r"^(?P<code>(?:[A-Za-z_$][\w$]*\.)*[A-Z][\w$]*(?:Error|Exception)): ?(?P<message>.*)$"
)
_THROWN = re.compile(r'^thrown: "?(?P<message>Exceeded timeout .*?)"?$')
_EXPECTED = re.compile(r"^(?:Expected(?: [\w ]+)?|Snapshot): +(?P<value>\S.*)$")
_RECEIVED = re.compile(r"^(?:Received(?: [\w ]+)?|Number of calls): +(?P<value>\S.*)$")
_DIFFERENCE = re.compile(r"^(?P<side>[-+])(?! (?:Expected|Received|Snapshot)\b) *(?P<value>.*)$")
_UNREADABLE = "Jest encountered an unexpected token"
_SYNTAX = re.compile(r"^SyntaxError: (?:\S+: )?(?P<message>.+?)(?: \(\d+:\d+\))?$")
_SYNTAX_PLACE = re.compile(r"^(?P<path>/.*\.\w+):(?P<line>\d+)$")
_SUITE = "Test suite failed to run"
_NO_TESTS = ("Console", "Deprecation Warning", "Validation Warning")
"""Titles of what is told beside the tests."""
_SKIPPED = ("○", "✎")
_MESSAGE_CHARS_MAX = 4000


def parse(lines: Sequence[str], place: Place) -> Parsed | None:
    """None when no file of tests passed or failed."""
    lines = javascript.shown(lines)
    files = [i for i, line in enumerate(lines) if _FILE.match(line)]
    is_jest = any(_COUNTS.match(line) or _TITLE.match(line) for line in lines)
    if not files or not is_jest:
        return None
    names = _names(lines, place)
    found = list(_reports(lines, place))
    names.failed.update((f.symptom.test, None) for f in found)
    counts = _counts(lines)
    tests = names.report(counts)
    return Parsed(_once(found), tests, own=(range(files[0], _last_line(lines, files[-1]) + 1),))


def _once(found: Sequence[Found]) -> tuple[Found, ...]:
    """With many files all failures are printed a second time at the end."""
    first: dict[tuple[str, Complaint], Found] = {}
    for each in found:
        first.setdefault((each.symptom.test, each.symptom.complaint), each)
    return tuple(first.values())


def _last_line(lines: Sequence[str], default: int) -> int:
    return max((i for i, line in enumerate(lines) if _COUNTS.match(line)), default=default)


# -- names and counts ------------------------------------------------------------------------


def _names(lines: Sequence[str], place: Place) -> javascript.Names:
    """A file that passed is named too: what failed in it as a whole is over then."""
    names = javascript.Names()
    path, groups = "", [""]
    for line in lines:
        file = _FILE.match(line)
        row = _ROW.match(line) if path else None
        group = _GROUP.match(line) if path else None
        if file:
            path, groups = file["path"], []
            if file["outcome"] == "PASS":
                names.passed[place.node(path)] = None
        elif row:
            level = len(row["indent"]) // 2 - 1
            _note(names, place, path, groups[:level], row)
        elif group and not _RUNS.match(line):
            groups = [*groups[: len(group["indent"]) // 2 - 1], group["name"]]
        elif line.strip() and not _RUNS.match(line):
            path = ""
    return names


def _note(
    names: javascript.Names, place: Place, path: str, groups: list[str], row: re.Match[str]
) -> None:
    name, mark = row["name"], row["mark"]
    into = names.failed if mark in "✕×" else names.passed
    if mark in _SKIPPED:
        into, name = names.skipped, name.removeprefix("skipped ").removeprefix("todo ")
    into[_node(place, path, " › ".join([*groups, name]))] = None


def _node(place: Place, path: str, title: str) -> str:
    """As vitest names it; a title may hold the mark that stands between titles."""
    if title == _SUITE:
        return place.node(path)
    return place.node(f"{path}::{title.replace(' › ', ' > ')}")


def _counts(lines: Sequence[str]) -> dict[str, int]:
    """Of the last run that is printed: a watch runs again."""
    counts: dict[str, int] = {}
    for line in lines:
        found = _COUNTS.match(line)
        if found:
            parts = (part.split(" ") for part in found["counts"].split(", ") if part)
            counts = {word: int(number) for number, word in parts}
    return counts


# -- reports ---------------------------------------------------------------------------------


def _reports(lines: Sequence[str], place: Place) -> Iterator[Found]:
    path = ""
    for i, line in enumerate(lines):
        file = _FILE.match(line)
        title = _TITLE.match(line)
        if file:
            path = file["path"]
        elif title and path and title["title"] not in _NO_TESTS:
            last = _end(lines, i)
            complaints = _complaints([s.removeprefix("    ") for s in lines[i + 1 : last + 1]])
            if complaints:
                first, *causes = complaints
                test = _node(place, path, title["title"])
                yield Found(Symptom("jest", first, tuple(reversed(causes)), test, "test"), i, last)


def _end(lines: Sequence[str], i: int) -> int:
    while i + 1 < len(lines):
        after = lines[i + 1]
        if _TITLE.match(after) or _FILE.match(after) or _END.match(after) or _RUNS.match(after):
            break
        i += 1
    return i


def _complaints(body: Sequence[str]) -> list[Complaint]:
    """The error and what caused it."""
    parts: list[list[str]] = [[]]
    for line in body:
        if line == "Cause:":
            parts.append([])
        else:
            parts[-1].append(line)
    found = [c for part in parts if (c := _complaint(textwrap.dedent("\n".join(part)).split("\n")))]
    if len(found) == 2 and (found[0].code, found[0].headline) == (found[1].code, found[1].headline):
        # jest 30 wraps a timeout in itself: the inner one knows the place.
        return found[1:]
    return found


def _complaint(body: Sequence[str]) -> Complaint | None:
    said: list[str] = []
    for line in body:
        if javascript.is_frame(line) or _EXCERPT.match(line):
            break
        said.append(line)
    while said and not said[0].strip():
        said.pop(0)
    if not said:
        return None
    if said[0] == _UNREADABLE:
        return _unreadable(body)
    error, thrown = _ERROR.match(said[0]), _THROWN.match(said[0])
    code, headline = "Error", said[0]
    if error:
        code, headline = error["code"].rpartition(".")[2], error["message"]
    elif thrown:
        code, headline = "Timeout", thrown["message"]
    elif headline.startswith("expect("):
        code, headline = "AssertionError", "\n".join([headline, *_claim(said)])
    message = "\n".join(said).strip()[:_MESSAGE_CHARS_MAX]
    return Complaint(code, headline.strip(), message, javascript.stack(body))


def _claim(said: Sequence[str]) -> list[str]:
    expected = [m["value"] for line in said if (m := _EXPECTED.match(line))]
    received = [m["value"] for line in said if (m := _RECEIVED.match(line))]
    if not (expected and received):
        sides = [m for line in said if (m := _DIFFERENCE.match(line))]
        expected = [m["value"] for m in sides if m["side"] == "-"]
        received = [m["value"] for m in sides if m["side"] == "+"]
    if not (expected or received):
        return []
    return [javascript.claim(" ".join(received) or "nothing", " ".join(expected) or "nothing")]


def _unreadable(body: Sequence[str]) -> Complaint | None:
    """Advice of twenty lines, and then what the file has done wrong."""
    said = next((m for line in body if (m := _SYNTAX.match(line))), None)
    at = next((m for line in body if (m := _SYNTAX_PLACE.match(line))), None)
    if said is None:
        return Complaint("SyntaxError", _UNREADABLE, "\n".join(body)[:_MESSAGE_CHARS_MAX])
    frames = (Frame(at["path"], "", int(at["line"])),) if at else ()
    return Complaint("SyntaxError", said["message"], said["message"], frames)


PARSER = Parser(
    tool="jest",
    parse=parse,
    hints=("FAIL ", "PASS "),
    kinds=("test",),
    captured="each failed test's error, both sides of its claim, causes and frames; counts; names "
    "of all tests where the tree is printed (--verbose, or one file)",
    codes="the error's class; AssertionError for expect(), Timeout",
    commands=("jest", "react-scripts", "craco"),
    during=True,
)
