"""gradle: what went wrong in its own words, and tests as its logging names them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from common.model.failure import FailureKind, Frame, TestReport
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom
from developer_node.text.parsers.trace_java import trace_at

_TEST = re.compile(r"^(?P<whole>[\w.$]+ > .+) (?P<outcome>PASSED|FAILED|SKIPPED)$")
_COUNTS = re.compile(
    r"^(?P<all>\d+) tests? completed(?:, (?P<failed>\d+) failed)?(?:, (?P<skipped>\d+) skipped)?$"
)
_SHORT = re.compile(r"^ {4}(?P<code>[\w.$]+) at (?P<file>[\w$.-]+):(?P<line>\d+)$")
_WRONG = re.compile(r"^\* What went wrong:$")
_WHERE = re.compile(
    r"^(?:Build|Settings|Script|Initialization script) (?:file )?'(?P<path>.+)' "
    r"line: (?P<line>\d+)$"
)
_SECTION = re.compile(r"^(?:\* \w.*:|BUILD FAILED.*|={5,}|-{5,})$")
_CONSEQUENCE = re.compile(
    r"^(?:> )?(?:Compilation (?:failed; see|error\. See)|There were failing tests|"
    r"Process 'command .+' finished with non-zero exit value|.+ failed; see the report|"
    r"A failure occurred while executing )"
)
_ENVIRONMENT = re.compile(
    r"Could not (?:resolve|find|download|determine)|No cached version|not found|toolchain|"
    r"SDK location"
)
_NETWORK = re.compile(r"(?i)could not (?:GET|HEAD) |connection|timed out|UnknownHost|unreachable")
_LINES_MAX = 40


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """What the compiler or a test said is theirs; that a task failed is only a consequence."""
    tests = [(i, m) for i, line in enumerate(lines) if (m := _TEST.match(line))]
    counts = next((m for line in lines if (m := _COUNTS.match(line))), None)
    failed = [_failure(lines, i, m) for i, m in tests if m["outcome"] == "FAILED"]
    found = [*failed, *(f for f in _wrongs(lines) if not _is_consequence(f))]
    if not found and not tests and counts is None:
        return None
    report = _report(tests, counts) if tests or counts else None
    return Parsed(tuple(found), report)


def consequences(lines: Sequence[str], _place: Place) -> Parsed | None:
    """That a task failed, when nothing else says why."""
    found = tuple(f for f in _wrongs(lines) if _is_consequence(f))
    return Parsed(found) if found else None


def _is_consequence(found: Found) -> bool:
    lines = found.symptom.complaint.message.split("\n")
    return any(_CONSEQUENCE.match(line.strip()) for line in lines)


def _wrongs(lines: Sequence[str]) -> Iterator[Found]:
    where: re.Match[str] | None = None
    for i, line in enumerate(lines):
        where = _WHERE.match(line) or where
        if not _WRONG.match(line):
            continue
        end = i + 1
        while end < min(i + _LINES_MAX, len(lines)) and not _SECTION.match(lines[end]):
            end += 1
        body = [n for n in lines[i + 1 : end] if n.strip()]
        if body:
            yield Found(_wrong(body, where), i, end - 1)
        where = None


def _wrong(body: Sequence[str], where: re.Match[str] | None) -> Symptom:
    """Its first line, and the innermost reason."""
    reasons = [n.strip().removeprefix("> ") for n in body if n.lstrip().startswith("> ")]
    headline = "\n".join([body[0], *reasons[-1:]])
    frames = (Frame(where["path"], "", int(where["line"])),) if where else ()
    message = "\n".join(body)
    kind: FailureKind = "environment" if _ENVIRONMENT.search(message) else "build"
    kind = "network" if _NETWORK.search(message) else kind
    return Symptom("gradle", Complaint("", headline, message, frames), kind=kind)


# -- tests -----------------------------------------------------------------------------------


def _id(test: re.Match[str]) -> str:
    group, _, name = test["whole"].rpartition(" > ")
    return f"{group}::{name}"


def _failure(lines: Sequence[str], i: int, test: re.Match[str]) -> Found:
    """By default it prints the exception's class and place, with `exceptionFormat` all of it."""
    trace = trace_at(lines, i + 1) if i + 1 < len(lines) else None
    short = _SHORT.match(lines[i + 1]) if i + 1 < len(lines) else None
    if trace:
        symptom = Symptom("gradle", trace.complaint, trace.causes, test=_id(test), kind="test")
        return Found(symptom, i, trace.last)
    complaint = Complaint("", "failed", test[0])
    if short:
        code = short["code"].rpartition(".")[2]
        folder = test["whole"].partition(" > ")[0].rpartition(".")[0].replace(".", "/")
        path = f"{folder}/{short['file']}" if folder else short["file"]
        frame = Frame(path, "", int(short["line"]))
        complaint = Complaint(code, code, lines[i + 1].strip(), (frame,))
    last = i + 1 if short else i
    return Found(Symptom("gradle", complaint, test=_id(test), kind="test"), i, last)


def _report(tests: Sequence[tuple[int, re.Match[str]]], counts: re.Match[str] | None) -> TestReport:
    named = {
        outcome: tuple(dict.fromkeys(_id(m) for _, m in tests if m["outcome"] == outcome))
        for outcome in ("PASSED", "FAILED", "SKIPPED")
    }
    failed = int(counts["failed"] or 0) if counts else len(named["FAILED"])
    skipped = int(counts["skipped"] or 0) if counts else len(named["SKIPPED"])
    passed = int(counts["all"]) - failed - skipped if counts else len(named["PASSED"])
    return TestReport(
        passed=tuple(n for n in named["PASSED"] if n not in named["FAILED"]),
        failed=named["FAILED"],
        skipped=named["SKIPPED"],
        passed_count=passed,
        failed_count=failed,
        skipped_count=skipped,
    )


PARSER = Parser(
    tool="gradle",
    parse=parse,
    hints=("What went wrong:", " PASSED", " FAILED", " SKIPPED", "tests completed"),
    kinds=("build", "test", "environment", "network"),
    captured="tests that its logging names (`shop.CartTest::twoApples`), counts, the exception "
    "with its frames as far as printed; what went wrong with its innermost reason and place",
    codes="the exception's class",
    commands=("gradle", "gradlew"),
)

CONSEQUENCE = Parser(
    tool="gradle",
    parse=consequences,
    hints=("What went wrong:",),
    kinds=("build",),
    captured="which task failed, when nothing else says why",
    commands=("gradle", "gradlew"),
    consequence=True,
)
