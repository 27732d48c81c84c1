"""unittest's reports (Django's test runner prints the same): what failed, names and counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common.model.failure import TestReport
from developer_node.text.parsers import python
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import CHAINED, Complaint, Place, Symptom

_RAN = re.compile(r"^Ran (?P<number>\d+) tests? in [\d.]+s$")
_RESULT = re.compile(r"^(?:OK|FAILED|NO TESTS RAN)(?: \((?P<counts>[a-z0-9=, ]+)\))?$")
_DOUBLE, _SINGLE = "=" * 70, "-" * 70
_TITLE = re.compile(r"^(?:ERROR|FAIL): (?P<name>\S+) \((?P<where>[\w.<>]+)\)(?: .*)?$")
_UNEXPECTED = re.compile(r"^UNEXPECTED SUCCESS: (?P<name>\S+) \((?P<where>[\w.<>]+)\)")
_CAPTURED = re.compile(r"^(?:Stdout|Stderr):$")
_NAMED = re.compile(r"(?<!\S)(?P<name>\w+) \((?P<where>[\w.]+)\)")
_OUTCOME = re.compile(
    r"(?:^|\.\.\. )(?P<outcome>ok|FAIL|ERROR|skipped (?:'.*'|\".*\")|expected failure|"
    r"unexpected success)$"
)
_ERROR = re.compile(r"^(?P<code>(?:[A-Za-z_]\w*\.)*[A-Z]\w*): (?P<message>.+)$")
_UNEQUAL = re.compile(
    r"^(?P<what>(?:\w+ differ: )?)(?P<got>.+?) != (?P<wanted>.+?)(?P<why>(?: : .*)?)$"
)
_LOADER = "unittest.loader._FailedTest"
_MESSAGE_CHARS_MAX = 4000


def parse(lines: Sequence[str], place: Place) -> Parsed | None:
    """None without `Ran N tests`: a run that broke off before it reported nothing."""
    ran = [i for i, line in enumerate(lines) if _RAN.match(line)]
    if not ran:
        return None
    blocks = list(_blocks(lines))
    names = _Names.read(lines, place)
    failed = tuple(dict.fromkeys(_node(t["name"], t["where"], place) for t, *_ in blocks))
    found = [f for title, first, last in blocks if (f := _found(lines, title, first, last, place))]
    tests = _report(lines, names, failed, blocks)
    return Parsed(tuple(found), tests, own=tuple(range(i, i + 3) for i in ran))


# -- names and counts ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Names:
    """What `-v` says of each test; empty without it."""

    passed: tuple[str, ...]
    failed: tuple[str, ...]
    skipped: tuple[str, ...]

    @classmethod
    def read(cls, lines: Sequence[str], place: Place) -> _Names:
        passed: dict[str, None] = {}
        failed: dict[str, None] = {}
        skipped: dict[str, None] = {}
        for node, outcome in _outcomes(lines, place):
            into = passed if outcome == "ok" else skipped
            into = failed if outcome in ("FAIL", "ERROR", "unexpected success") else into
            into[node] = None
        return cls(tuple(passed), tuple(failed), tuple(skipped))


def _outcomes(lines: Sequence[str], place: Place) -> Iterator[tuple[str, str]]:
    """A test's name, then its description or its own output, then how it ended."""
    node = ""
    for line in lines:
        if line == _DOUBLE:
            return
        named = list(_NAMED.finditer(line))
        ended = _OUTCOME.search(line)
        if named:
            node = _node(named[-1]["name"], named[-1]["where"], place)
        if node and ended:
            yield node, ended["outcome"]
            node = ""


def _report(
    lines: Sequence[str],
    names: _Names,
    failed: tuple[str, ...],
    blocks: Sequence[tuple[re.Match[str], int, int]],
) -> TestReport:
    ran = sum(int(m["number"]) for line in lines if (m := _RAN.match(line)))
    counts = _counts(lines)
    left_out = counts.get("skipped", 0) + counts.get("expected failures", 0)
    surprises = counts.get("unexpected successes", 0)
    fixtures = {t.group() for t, *_ in blocks if t["name"].startswith(("setUp", "tearDown"))}
    ended_badly = len({t["name"] + t["where"] for t, *_ in blocks if t.group() not in fixtures})
    all_failed = tuple(dict.fromkeys((*failed, *names.failed)))
    return TestReport(
        passed=tuple(n for n in names.passed if n not in all_failed),
        failed=all_failed,
        skipped=names.skipped,
        # Python 3.12.1 does not count a skipped test as one that ran.
        passed_count=max(len(names.passed), ran - ended_badly - left_out - surprises),
        failed_count=counts.get("failures", 0) + counts.get("errors", 0) + surprises,
        skipped_count=left_out,
    )


def _counts(lines: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for i, line in enumerate(lines):
        result = _RESULT.match(line)
        if not result or not any(_RAN.match(before) for before in lines[max(0, i - 3) : i]):
            continue
        for part in (result["counts"] or "").split(", "):
            word, equals, number = part.partition("=")
            if equals:
                counts[word] = counts.get(word, 0) + int(number)
    return counts


def _node(name: str, where: str, place: Place) -> str:
    """As pytest names it, so that both runners mean the same test: `tests/test_a.py::A::test_b`.

    The file is what the module's dotted name says; it is looked for nowhere.
    """
    if where.startswith(_LOADER):
        return place.node(f"{name.replace('.', '/')}.py")
    parts = where.split(".")
    if name.startswith(("setUp", "tearDown")) or parts[-1] != name:
        # Before Python 3.11 only the class is in brackets, and for fixtures still.
        parts = parts if name.startswith(("setUp", "tearDown")) else [*parts, name]
    classes = next((i for i, p in enumerate(parts) if p[:1].isupper()), len(parts))
    if classes == len(parts) and not name.endswith("Module"):
        classes = max(1, len(parts) - 2)
    return place.node("::".join(["/".join(parts[:classes]) + ".py", *parts[classes:]]))


# -- reports ---------------------------------------------------------------------------------


def _blocks(lines: Sequence[str]) -> Iterator[tuple[re.Match[str], int, int]]:
    """Title, first and last line of each report."""
    begins = [i for i, line in enumerate(lines) if line == _DOUBLE]
    for first in begins:
        title = _TITLE.match(lines[first + 1]) if first + 1 < len(lines) else None
        if title is None:
            continue
        last = first + 1
        while last + 1 < len(lines) and not _ends(lines, last + 1):
            last += 1
        yield title, first, last


def _ends(lines: Sequence[str], i: int) -> bool:
    after = lines[i + 1] if i + 1 < len(lines) else ""
    if lines[i] == _SINGLE:
        return bool(_RAN.match(after))
    return lines[i] == _DOUBLE and bool(_TITLE.match(after) or _UNEXPECTED.match(after))


def _found(
    lines: Sequence[str], title: re.Match[str], first: int, last: int, place: Place
) -> Found | None:
    under = next((i for i in range(first + 2, last + 1) if lines[i] == _SINGLE), last)
    body = list(lines[under + 1 : last + 1])
    complaints = [c for part in _chain(_without_captured(body)) if (c := _complaint(part))]
    if not complaints:
        return None
    test = _node(title["name"], title["where"], place)
    causes = tuple(complaints[:-1])
    return Found(Symptom("unittest", complaints[-1], causes, test, "test"), first, last)


def _without_captured(body: Sequence[str]) -> list[str]:
    """`--buffer` repeats what the test printed, after its traceback."""
    end = next((i for i, line in enumerate(body) if _CAPTURED.match(line)), len(body))
    return list(body[:end])


def _chain(body: Sequence[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for line in body:
        if line in CHAINED:
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def _complaint(lines: Sequence[str]) -> Complaint | None:
    for i in range(len(lines)):
        native = python.complaint_of(lines[i:]) if "Traceback (most" in lines[i] else None
        if native:
            complaint, taken = native
            rest = "\n".join(lines[i + taken :]).rstrip()
            message = f"{complaint.headline}\n{rest}".rstrip()[:_MESSAGE_CHARS_MAX]
            headline = _claim(complaint.headline)
            return Complaint(complaint.code, headline, message, complaint.frames)
    said = next((m for line in lines if (m := _ERROR.match(line))), None)
    if said is None:
        return None
    code, message = said["code"].rsplit(".", 1)[-1], said["message"]
    return Complaint(code, message, message)


def _claim(headline: str) -> str:
    """`8 != 9` in the words of an assertion, so that both sides are told from the rest."""
    unequal = _UNEQUAL.match(headline)
    if unequal is None:
        return headline
    words = f"{unequal['what']}{unequal['why']}".strip(" :")
    claim = f"assert {unequal['got']} == {unequal['wanted']}"
    return f"{words}\n{claim}" if words else claim


PARSER = Parser(
    tool="unittest",
    parse=parse,
    hints=("Ran ",),
    kinds=("test",),
    captured="each failed test's exception, causes and frames; names with -v, counts always",
    codes="the exception's class",
    commands=("unittest", "manage.py", "django-admin"),
)
