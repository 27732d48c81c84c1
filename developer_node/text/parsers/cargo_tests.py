"""What Rust's test harness reports: outcomes by name, and each failed test's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from common.model.failure import Frame, TestReport
from developer_node.text.parsers.parser import Found
from developer_node.text.parsers.symptom import Complaint, Place, Symptom
from developer_node.text.parsers.trace_rust import panics

_RUNNING = re.compile(
    r"^ +Running (?:unittests )?(?P<path>\S+) "
    r"\(.*?(?P<name>[\w-]+?)-[0-9a-f]{16}(?:\.exe)?\)$"
)
_DOC = re.compile(r"^ +Doc-tests (?P<name>\S+)$")
_OUTCOME = re.compile(
    r"^test (?P<name>.+?)(?: - should panic(?: - .*)?)? \.\.\. "
    r"(?P<outcome>ok|FAILED|ignored)(?:, .*)?(?: <.*>)?$"
)
_BLOCK = re.compile(r"^---- (?P<name>.+?)(?: - should panic)? stdout ----$")
_LISTED = re.compile(r"^ {4}(?P<name>\S.*)$")
_RESULT = re.compile(
    r"^test result: (?:ok|FAILED)\. (?P<passed>\d+) passed; (?P<failed>\d+) failed; "
    r"(?P<ignored>\d+) ignored; \d+ measured; (?P<filtered>\d+) filtered out"
)
_DOC_NAME = re.compile(r"^(?P<path>\S+) - (?P<item>.*?) ?\(line \d+\)(?: - compile(?: fail)?)?$")
_NO_PANIC = re.compile(r"^note: test did not panic as expected at (?P<path>.+?):(?P<line>\d+):\d+$")
_RETURNED = re.compile(r"^Error: (?P<message>.+)$")
_MESSAGE_CHARS_MAX = 4000


@dataclass(frozen=True, slots=True)
class Run:
    """One run of tests, of all its targets."""

    found: tuple[Found, ...]
    tests: TestReport
    reported: bool
    """Whether the harness said anything."""


def read_tests(lines: Sequence[str], place: Place) -> Run:
    """Names are `TARGET FILE::path::of::test`: the file alone is the same in every crate."""
    names = _Names()
    found: list[Found] = []
    for i, line in enumerate(lines):
        names.see(line)
        block = _BLOCK.match(line)
        if block:
            name = names.fail(block["name"])
            found.append(_failure(lines, i, name, place))
    return Run(tuple(found), names.report(), names.reported)


class _Names:
    """Outcomes in reading order; a name that failed once has not passed."""

    def __init__(self) -> None:
        self._target = ""
        self._is_listing = False
        self._by_outcome: dict[str, dict[str, None]] = {"ok": {}, "FAILED": {}, "ignored": {}}
        self._counts = {"passed": 0, "failed": 0, "ignored": 0, "filtered": 0}
        self.reported = False

    def see(self, line: str) -> None:
        target = _RUNNING.match(line) or _DOC.match(line)
        outcome, result = _OUTCOME.match(line), _RESULT.match(line)
        if target:
            groups: Mapping[str, str | None] = target.groupdict()
            self._target = f"{groups['name']} {groups.get('path') or 'doc'}"
        elif outcome:
            self._by_outcome[outcome["outcome"]][self._id(outcome["name"])] = None
        elif result:
            self.reported = True
            self._is_listing = False
            for word in self._counts:
                self._counts[word] += int(result[word])
        elif line == "failures:":
            self._is_listing = True
        elif _BLOCK.match(line):
            self._is_listing = False
        elif self._is_listing and (listed := _LISTED.match(line)):
            # `cargo test -q` names a failed test here alone.
            self.fail(listed["name"])

    def fail(self, name: str) -> str:
        whole = self._id(name)
        self._by_outcome["FAILED"][whole] = None
        return whole

    def report(self) -> TestReport:
        failed = self._by_outcome["FAILED"]
        return TestReport(
            passed=tuple(n for n in self._by_outcome["ok"] if n not in failed),
            failed=tuple(failed),
            skipped=tuple(self._by_outcome["ignored"]),
            passed_count=self._counts["passed"],
            failed_count=self._counts["failed"],
            skipped_count=self._counts["ignored"],
            deselected_count=self._counts["filtered"],
        )

    def _id(self, name: str) -> str:
        doc = _DOC_NAME.match(name)
        if doc:
            # Its line moves with every edit above it.
            name = f"{doc['path']}::{doc['item']}".rstrip(":")
        return f"{self._target}::{name}" if self._target else name


def _failure(lines: Sequence[str], i: int, name: str, place: Place) -> Found:
    last = i
    while last + 1 < len(lines) and not _ends(lines[last + 1]):
        last += 1
    body = lines[i + 1 : last + 1]
    complaint = next(_complaints(body, place), None) or Complaint("", "failed", "failed")
    message = "\n".join(body).strip()[:_MESSAGE_CHARS_MAX]
    whole = Complaint(complaint.code, complaint.headline, message, complaint.frames)
    return Found(Symptom("cargo", whole, test=name, kind="test"), i, last)


def _ends(line: str) -> bool:
    return bool(_BLOCK.match(line) or line == "failures:" or _RESULT.match(line))


def _complaints(body: Sequence[str], place: Place) -> Iterator[Complaint]:
    """The panic if there is one, else what the harness says, else the first words."""
    yield from [panic.complaint for panic in panics(body, place)][-1:]
    for line in body:
        no_panic, returned = _NO_PANIC.match(line), _RETURNED.match(line)
        if no_panic:
            frame = Frame(no_panic["path"], "", int(no_panic["line"]))
            said = "test did not panic as expected"
            yield Complaint("did not panic", said, said, (frame,))
        elif returned:
            yield Complaint("Err", returned["message"], returned["message"])
    for line in body:
        if line.strip():
            yield Complaint("", line.strip(), line)
