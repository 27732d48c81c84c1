"""What `go test` reports: outcomes by package and name, and each failed test's words."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from common.model.failure import Frame, TestReport
from developer_node.text.parsers.parser import Found
from developer_node.text.parsers.symptom import Complaint, Place, Symptom
from developer_node.text.parsers.trace_go import Crash, crashes

_OUTCOME = re.compile(r"^ *--- (?P<outcome>PASS|FAIL|SKIP): (?P<name>\S+) \([\d.]+s\)$")
_RUN = re.compile(r"^=== (?:RUN|CONT|NAME)\s+(?P<name>\S+)$")
_PACKAGE = re.compile(r"^(?P<outcome>ok  |FAIL|\?   )\s*\t(?P<package>[\w./~@-]+)(?:[\t ].*)?$")
_SETUP = re.compile(r"^FAIL\t(?P<package>\S+) \[(?:build|setup) failed\]$")
_SAID = re.compile(r"^(?P<indent> {4,})(?P<file>[\w.+-]+\.go):(?P<line>\d+): ?(?P<text>.*)$")
_TELLING = re.compile(
    r"(?i)\b(?:want|got|expect|error|fail|cannot|could not|unexpected|mismatch|invalid|not equal|"
    r"should)|!=|<nil>"
)
_TESTIFY = re.compile(r"^\s+Error: {2,}\t(?P<text>.*)$")
_TESTIFY_MORE = re.compile(r"^\s+\t {8,}\t(?P<key>expected|actual) *: (?P<value>.*)$")
_FORGES = ("github.com", "gitlab.com", "bitbucket.org", "codeberg.org")
_VERSION = re.compile(r"v\d+")
_MESSAGE_CHARS_MAX = 4000


@dataclass(slots=True)
class Run:
    """One run of tests, of all its packages."""

    found: list[Found] = field(default_factory=list[Found])
    passed: dict[str, None] = field(default_factory=dict[str, None])
    failed: dict[str, None] = field(default_factory=dict[str, None])
    skipped: dict[str, None] = field(default_factory=dict[str, None])
    reported: bool = False

    @property
    def tests(self) -> TestReport:
        """A pass is named, and so counted, only by `-v` and `-json`."""
        return TestReport(
            passed=tuple(n for n in self.passed if n not in self.failed),
            failed=tuple(self.failed),
            skipped=tuple(self.skipped),
            passed_count=len(self.passed),
            failed_count=len(self.failed),
            skipped_count=len(self.skipped),
        )


@dataclass(frozen=True, slots=True)
class _Line:
    """One line that a test said about itself."""

    at: int
    file: str
    line: int
    text: str


@dataclass(slots=True)
class _Package:
    """What was read since the last package's own line: its name comes at its end."""

    outcomes: dict[str, str] = field(default_factory=dict[str, str])
    titles: dict[str, int] = field(default_factory=dict[str, int])
    said: dict[str, list[_Line]] = field(default_factory=dict[str, list[_Line]])
    crashes: list[tuple[str, Crash]] = field(default_factory=list[tuple[str, Crash]])


def unpacked(lines: Sequence[str]) -> list[str] | None:
    """The text inside `go test -json`; None when it is not that."""
    text: list[str] = []
    events = 0
    for line in lines:
        event = _event(line)
        if event is not None:
            events += 1
            text.append(str(event.get("Output", "")))
        elif line:
            text.append(line + "\n")
    return "".join(text).split("\n") if events else None


def _event(line: str) -> dict[str, Any] | None:
    if not line.startswith("{") or '"Action":"' not in line:
        return None
    try:
        event: object = json.loads(line)
    except ValueError:
        return None
    return cast("dict[str, Any]", event) if isinstance(event, dict) else None


def read_tests(lines: Sequence[str], place: Place) -> Run:
    """Names are `PACKAGE::TestName/subtest`."""
    run = Run()
    crashed = {crash.first: crash for crash in crashes(lines)}
    package = _Package()
    current = ""
    for i, line in enumerate(lines):
        running, outcome, ended = _RUN.match(line), _OUTCOME.match(line), _PACKAGE.match(line)
        if running:
            current = running["name"]
        elif outcome:
            current = outcome["name"]
            package.outcomes[current] = outcome["outcome"]
            package.titles[current] = i
        elif ended:
            run.reported = True
            if not _SETUP.match(line):
                _close(run, package, ended["package"], lines, place)
            package, current = _Package(), ""
        elif i in crashed:
            package.crashes.append((current, crashed[i]))
        elif current:
            _listen(package, current, i, line)
    if package.outcomes:
        run.reported = True
        _close(run, package, "", lines, place)
    return run


def _listen(package: _Package, current: str, i: int, line: str) -> None:
    said = _SAID.match(line)
    lines = package.said.setdefault(current, [])
    if said:
        lines.append(_Line(i, said["file"], int(said["line"]), said["text"]))
    elif lines and lines[-1].at == i - 1 and line.startswith("        "):
        one = lines.pop()
        lines.append(_Line(i, one.file, one.line, f"{one.text}\n{line}"))


def _close(run: Run, package: _Package, name: str, lines: Sequence[str], place: Place) -> None:
    """The package's line came: its tests have their whole names now."""
    into = {"PASS": run.passed, "FAIL": run.failed, "SKIP": run.skipped}
    for test, outcome in package.outcomes.items():
        into[outcome][_id(name, test)] = None
    for test, crash in package.crashes:
        if test:
            run.failed[_id(name, test)] = None
        test_id = _id(name, test) if test else name
        symptom = Symptom("go", crash.complaint, crash.causes, test=test_id, kind="test")
        run.found.append(Found(symptom, crash.first, crash.last))
    crashed = {test for test, _ in package.crashes}
    for test, outcome in package.outcomes.items():
        if outcome == "FAIL" and test not in crashed and not _is_by_child(package, test):
            run.found.append(_failure(package, test, name, lines, place))


def _id(package: str, test: str) -> str:
    return f"{package}::{test}" if package else test


def _is_by_child(package: _Package, test: str) -> bool:
    """It says nothing itself: a subtest failed, and is told on its own."""
    children = (t for t, o in package.outcomes.items() if o == "FAIL" and t.startswith(f"{test}/"))
    return not package.said.get(test) and any(children)


def _failure(package: _Package, test: str, name: str, lines: Sequence[str], place: Place) -> Found:
    said = package.said.get(test, [])
    title = package.titles[test]
    if not said:
        complaint = Complaint("", "failed", lines[title].strip())
        return Found(Symptom("go", complaint, test=_id(name, test), kind="test"), title, title)
    own = next((s for s in said if _TELLING.search(s.text)), said[-1])
    message = "\n".join(s.text for s in said)[:_MESSAGE_CHARS_MAX]
    path = os.path.join(_directory(name, place), own.file)
    frame = Frame(path, test.partition("/")[0], own.line)
    complaint = Complaint("", _headline(own.text), message, (frame,))
    first = min(title, *(s.at - s.text.count("\n") for s in said))
    is_before = said[-1].at < title
    last = title if is_before else said[-1].at
    symptom = Symptom("go", complaint, test=_id(name, test), kind="test")
    return Found(symptom, said[0].at if is_before and first > said[0].at else first, last)


def _headline(text: str) -> str:
    """The first line; of testify's report the error and what it compared."""
    rows = text.split("\n")
    error = next((m["text"] for row in rows if (m := _TESTIFY.match(row))), "")
    if not error:
        return next((row.strip() for row in rows if row.strip()), "failed")
    sides = {m["key"]: m["value"] for row in rows if (m := _TESTIFY_MORE.match(row))}
    if len(sides) == 2:
        return f"{error.strip()}\nassert {sides['expected']} == {sides['actual']}"
    return error.strip()


def _directory(package: str, place: Place) -> str:
    """Where a package most likely lies: go test prints a file without its folder.

    A module is taken to begin at the working copy's root, or, when the command ran in a folder
    named like the package, in that folder.
    """
    parts = package.split("/")
    if os.path.basename(place.cwd) == parts[-1]:
        return place.cwd
    own = 3 if parts[0] in _FORGES else 2 if "." in parts[0] else 1
    rest = [part for part in parts[own:] if not _VERSION.fullmatch(part)]
    return os.path.join(place.root or place.cwd, *rest)
