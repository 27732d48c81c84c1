"""cmake's errors while it configures, unfolded, and ctest's outcomes by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from common.model.failure import FailureKind, Frame, TestReport
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_ERROR = re.compile(
    r"^CMake Error(?: \(dev\))?(?: (?:at|in) (?P<path>.+?)(?::(?P<line>\d+))?"
    r"(?: \((?P<command>\w+)\))?)?:(?: (?P<said>\S.*))?$"
)
_STACK = re.compile(r"^Call Stack \(most recent call first\):$")
_CALLER = re.compile(r"^  (?P<path>.+?):(?P<line>\d+) \((?P<command>[^)]+)\)$")
_ENVIRONMENT = re.compile(
    r"(?i)could not find|not find a package|or higher is required|no CMAKE_\w+_COMPILER|"
    r"unable to find|does not appear to contain|could not create named generator|not installed"
)
_TEST = re.compile(
    r"^ *\d+/\d+ Test +#\d+: (?P<name>\S.*?) \.*(?P<outcome> +Passed|\*\*\*\S.*?) +[\d.]+ sec.*$"
)
_TESTS = re.compile(r"^\d+% tests passed, \d+ tests failed out of \d+$")
_STARS = re.compile(r"^\*\*\*(?:Exception: )?(?P<how>Not Run \(Disabled\)|Not Run|.+)$")
_MESSAGE_CHARS_MAX = 4000


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """What a build under cmake complains about is the compiler's."""
    errors = [_error(lines, i, m) for i, line in enumerate(lines) if (m := _ERROR.match(line))]
    outcomes = [(i, m) for i, line in enumerate(lines) if (m := _TEST.match(line))]
    reported = bool(outcomes) or any(_TESTS.match(line) for line in lines)
    if not errors and not reported:
        return None
    failed = [_failure(i, test) for i, test in outcomes if _how(test) not in ("", *_SKIPPED)]
    found = sorted((*errors, *failed), key=lambda f: f.first)
    return Parsed(tuple(found), _report(outcomes) if reported else None)


def _error(lines: Sequence[str], i: int, error: re.Match[str]) -> Found:
    last = _last(lines, i)
    body = lines[i + 1 : last + 1]
    stack = next((n for n, line in enumerate(body) if _STACK.match(line)), len(body))
    paragraph = error["said"] or " ".join(_paragraph(body[:stack]))
    callers = [m for line in body[stack:] if (m := _CALLER.match(line))]
    frames = [Frame(m["path"], m["command"], int(m["line"])) for m in reversed(callers)]
    if error["path"]:
        frames.append(Frame(error["path"], error["command"] or "", int(error["line"] or 0)))
    message = "\n".join(lines[i : last + 1]).rstrip()[:_MESSAGE_CHARS_MAX]
    kind: FailureKind = "environment" if _ENVIRONMENT.search(message) else "build"
    complaint = Complaint(error["command"] or "", paragraph, message, tuple(frames))
    return Found(Symptom("cmake", complaint, kind=kind), i, last)


def _last(lines: Sequence[str], i: int) -> int:
    """The text is indented by two; a call stack may follow."""
    last = i
    for n in range(i + 1, len(lines)):
        line = lines[n]
        if line.startswith("  ") or _STACK.match(line):
            last = n
        elif line:
            break
    return last


def _paragraph(body: Sequence[str]) -> Iterator[str]:
    """The first one, in one line: cmake folds at a width of its own."""
    begun = False
    for line in body:
        if line.strip():
            begun = True
            yield line.strip()
        elif begun:
            return


# -- ctest -----------------------------------------------------------------------------------

_SKIPPED = ("Skipped", "Not Run (Disabled)")


def _how(test: re.Match[str]) -> str:
    """Empty when it passed."""
    stars = _STARS.match(test["outcome"])
    return stars["how"].strip() if stars else ""


def _failure(i: int, test: re.Match[str]) -> Found:
    how = _how(test)
    complaint = Complaint(how, f"{test['name']}: {how}", test[0].strip())
    return Found(Symptom("ctest", complaint, test=test["name"], kind="test"), i, i)


def _report(outcomes: Sequence[tuple[int, re.Match[str]]]) -> TestReport:
    passed = [t["name"] for _, t in outcomes if not _how(t)]
    skipped = [t["name"] for _, t in outcomes if _how(t) in _SKIPPED]
    failed = [t["name"] for _, t in outcomes if _how(t) not in ("", *_SKIPPED)]
    return TestReport(
        passed=tuple(n for n in passed if n not in failed),
        failed=tuple(failed),
        skipped=tuple(skipped),
        passed_count=len(passed),
        failed_count=len(failed),
        skipped_count=len(skipped),
    )


PARSER = Parser(
    tool="cmake",
    parse=parse,
    hints=("CMake Error", "tests passed, ", "***Failed", "***Not Run", "***Exception", " Test #"),
    kinds=("build", "environment", "test"),
    captured="each error's first paragraph in one line, its place and call stack; ctest's tests "
    "by name, counts, and how a test ended",
    codes="the command that failed: find_package; ctest's outcome: Failed, SegFault, Timeout",
    commands=("cmake", "ctest", "ccmake"),
)
