"""maven: the compiler's errors and surefire's tests as it prints them, and its own refusals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from common.model.failure import FailureKind, Frame, TestReport
from developer_node.text.parsers.javac import details
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom
from developer_node.text.parsers.trace_java import trace_at

_COMPILE = re.compile(
    r"^\[ERROR\] (?P<path>\S.*?\.(?:java|kt|groovy|scala)):\[(?P<line>\d+),\d+\] (?P<said>.+)$"
)
_MORE = re.compile(r"^(?:\[ERROR\] )?(?P<said>  (?:symbol|location|required|found|reason): .*)$")
_TEST = re.compile(
    r"^\[ERROR\] (?:(?P<name>[^\s(]+?)\((?P<group>[\w.$]+)\)|(?P<whole>[\w.$]+\.[^\s.]+?) --)"
    r" +Time elapsed: [\d.,]+ m?s +<<< (?:FAILURE|ERROR)!(?: - .*)?$"
)
_TOTALS = re.compile(
    r"^\[\w+\] Tests run: (?P<run>\d+), Failures: (?P<failures>\d+), Errors: (?P<errors>\d+), "
    r"Skipped: (?P<skipped>\d+)$"
)
_GOAL_WORDS = (
    "Failed to execute goal ",
    "Unknown lifecycle phase ",
    "The goal you specified",
    "No plugin found for prefix ",
    "Could not find the selected project",
    r"Plugin \S+ or one of its ",
    "Error resolving version",
)
_GOAL = re.compile(rf"^\[ERROR\] (?P<said>(?:{'|'.join(_GOAL_WORDS)}).*?)(?: -> \[Help \d+\])?$")
_FATAL = re.compile(r"^\[FATAL\] (?P<said>.+?)(?: @ .*)?$")
_CONSEQUENCE = re.compile(
    r"Compilation failure|There (?:are|were) test failures|There was a timeout"
)
_HELP = re.compile(r"^\[ERROR\] \[Help \d+\] http\S+/(?P<code>\w+Exception)$")
_NETWORK = re.compile(
    r"(?i)could not transfer|unknown host|connect(?:ion)? (?:to .+ failed|refused|timed)"
)
_DEPENDENCY = re.compile(
    r"(?i)resol|no pom|requires a project|prefix|lifecycle phase|selected project"
)


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """Errors that its summary repeats are told once; that a goal failed is a consequence."""
    found = [*_compile_errors(lines), *_tests(lines)]
    found += [f for f in _goals(lines) if not _CONSEQUENCE.search(f.symptom.complaint.headline)]
    report = _report(lines, found)
    if not found and report is None:
        return None
    return Parsed(tuple(sorted(found, key=lambda f: f.first)), report)


def consequences(lines: Sequence[str], _place: Place) -> Parsed | None:
    """That a goal failed, when nothing else says why."""
    found = tuple(_goals(lines))
    return Parsed(found[:1]) if found else None


def _compile_errors(lines: Sequence[str]) -> Iterator[Found]:
    seen: set[tuple[str, str, str]] = set()
    for i, line in enumerate(lines):
        at = _COMPILE.match(line)
        if at is None:
            continue
        last = i
        while last + 1 < len(lines) and _MORE.match(lines[last + 1]):
            last += 1
        more = [m["said"] for n in lines[i + 1 : last + 1] if (m := _MORE.match(n))]
        if at.groups() not in seen:
            headline = "\n".join([at["said"], *details(more)])
            frame = Frame(at["path"], "", int(at["line"]))
            complaint = Complaint("", headline, "\n".join([at["said"], *more]), (frame,))
            yield Found(Symptom("maven", complaint, kind="build"), i, last)
        seen.add((at["path"], at["line"], at["said"]))


def _tests(lines: Sequence[str]) -> Iterator[Found]:
    for i, line in enumerate(lines):
        test = _TEST.match(line)
        trace = trace_at(lines, i + 1) if test and i + 1 < len(lines) else None
        if test is None:
            continue
        group, _, name = (test["whole"] or f"{test['group']}.{test['name']}").rpartition(".")
        complaint = trace.complaint if trace else Complaint("", "failed", line)
        causes = trace.causes if trace else ()
        symptom = Symptom("maven", complaint, causes, test=f"{group}::{name}", kind="test")
        yield Found(symptom, i, trace.last if trace else i)


def _goals(lines: Sequence[str]) -> Iterator[Found]:
    code = next((m["code"] for line in lines if (m := _HELP.match(line))), "")
    for i, line in enumerate(lines):
        said = _GOAL.match(line) or _FATAL.match(line)
        if said:
            words = said["said"]
            kind: FailureKind = "environment" if _DEPENDENCY.search(words) else "build"
            kind = "network" if _NETWORK.search(words) else kind
            yield Found(Symptom("maven", Complaint(code, _short(words), line), kind=kind), i, i)


def _short(words: str) -> str:
    """Without the plugin's version, which says nothing of what failed."""
    return re.sub(r"(Failed to execute goal [\w.-]+:[\w.-]+):[\d.]+\S*?(:\w)", r"\1\2", words)


def _report(lines: Sequence[str], found: Sequence[Found]) -> TestReport | None:
    """Names of what passed are not printed by surefire."""
    totals = [m for line in lines if (m := _TOTALS.match(line))]
    failed = tuple(dict.fromkeys(f.symptom.test for f in found if f.symptom.test))
    if not totals and not failed:
        return None
    run, wrong, skipped = 0, len(failed), 0
    if totals:
        run = sum(int(m["run"]) for m in totals)
        wrong = sum(int(m["failures"]) + int(m["errors"]) for m in totals)
        skipped = sum(int(m["skipped"]) for m in totals)
    return TestReport(
        failed=failed,
        passed_count=max(0, run - wrong - skipped),
        failed_count=wrong,
        skipped_count=skipped,
    )


PARSER = Parser(
    tool="maven",
    parse=parse,
    hints=("[ERROR] ", "[FATAL] ", "Tests run: "),
    kinds=("build", "test", "environment", "network"),
    captured="compile errors with their symbol, once; failed tests by name "
    "(`shop.CartTest::twoApples`) with the exception and its frames, counts; its own refusals",
    codes="the exception's class; of its own refusals maven's exception",
    commands=("mvn", "mvnw", "mvnd"),
)

CONSEQUENCE = Parser(
    tool="maven",
    parse=consequences,
    hints=("[ERROR] ", "[FATAL] "),
    kinds=("build", "environment", "network"),
    captured="which goal failed, when nothing else says why",
    commands=("mvn", "mvnw", "mvnd"),
    consequence=True,
)
