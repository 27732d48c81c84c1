"""What `node --test` reports in its own words (the spec reporter)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from common.model.failure import Frame, TestReport
from developer_node.text.parsers import javascript, node
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Place, Symptom

_ROW = re.compile(
    r"^(?P<indent>(?:  )*)(?P<mark>[✔✖﹣▶]) (?P<name>\S.*?)(?: \([\d.]+ms\))?"
    r"(?: # (?P<left_out>SKIP|TODO)\b.*)?$"
)
_COUNT = re.compile(r"^ℹ (?P<word>tests|pass|fail|cancelled|skipped|todo) (?P<number>\d+)$")
_FAILING = re.compile(r"^✖ failing tests:$")
_AT = re.compile(r"^test at (?P<path>.+?):(?P<line>\d+):\d+$")


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    """With the names of the groups that it is in."""
    mark: str
    left_out: bool
    is_group: bool


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """None without the counts that the reporter ends with."""
    lines = javascript.shown(lines)
    counts = {m["word"]: int(m["number"]) for line in lines if (m := _COUNT.match(line))}
    if not {"tests", "pass", "fail"} <= counts.keys():
        return None
    begin = next((i for i, line in enumerate(lines) if _FAILING.match(line)), len(lines))
    rows = [r for r in _rows(lines[:begin]) if not r.is_group]
    names = Counter(r.name for r in rows)
    failed = [r.name for r in rows if r.mark == "✖"]
    found = tuple(_reports(lines, begin, failed))
    tests = TestReport(
        # Files are not named: of two tests of one name nothing is said.
        passed=tuple(
            r.name for r in rows if r.mark == "✔" and not r.left_out and names[r.name] == 1
        ),
        failed=tuple(dict.fromkeys(failed)),
        skipped=tuple(dict.fromkeys(r.name for r in rows if r.left_out or r.mark == "﹣")),
        passed_count=counts["pass"],
        failed_count=counts["fail"] + counts.get("cancelled", 0),
        skipped_count=counts.get("skipped", 0) + counts.get("todo", 0),
    )
    said = [i for i, line in enumerate(lines) if _ROW.match(line) or _COUNT.match(line)]
    return Parsed(found, tests, own=(range(said[0], said[-1] + 1),))


def _rows(lines: Sequence[str]) -> Iterator[_Row]:
    """A group is opened by ▶ and closed by a row of its own name and depth."""
    groups: list[str] = []
    for line in lines:
        row = _ROW.match(line)
        if row is None:
            continue
        depth = len(row["indent"]) // 2
        if row["mark"] == "▶" and depth <= len(groups):
            is_end = groups[depth : depth + 1] == [row["name"]]
            groups = groups[:depth] if is_end else [*groups[:depth], row["name"]]
        elif depth <= len(groups):
            is_group = groups[depth : depth + 1] == [row["name"]]
            groups = groups[:depth]
            name = " > ".join([*groups, row["name"]])
            yield _Row(name, row["mark"], row["left_out"] is not None, is_group)


def _reports(lines: Sequence[str], begin: int, failed: Sequence[str]) -> Iterator[Found]:
    """The list at the end says where each test stands; the tree above says its whole name."""
    waiting = list(failed)
    starts = [i for i in range(begin, len(lines)) if _AT.match(lines[i])]
    for i, after in pairwise([*starts, len(lines)]):
        at = _AT.match(lines[i])
        row = _ROW.match(lines[i + 1]) if i + 1 < len(lines) else None
        body = [line.removeprefix("  ") for line in lines[i + 2 : after]]
        if at is None or row is None or not body:
            continue
        name = row["name"]
        whole = next((w for w in waiting if w == name or w.endswith(f" > {name}")), name)
        waiting = [w for n, w in enumerate(waiting) if n != _index(waiting, whole)]
        complaints = node.complaints_of(body)
        if complaints:
            frame = Frame(at["path"], "", int(at["line"]))
            first = complaints[0]
            first = first if first.frames else replace(first, frames=(frame,))
            symptom = Symptom("node", first, tuple(reversed(complaints[1:])), whole, "test")
            yield Found(symptom, i, after - 1)


def _index(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else -1


PARSER = Parser(
    tool="node --test",
    parse=parse,
    hints=("ℹ tests ",),
    kinds=("test",),
    captured="each failed test's error, both sides of its claim, causes and frames; names and "
    "counts of the spec reporter, names without their files; TAP is not read",
    codes="as Node's",
    commands=("node",),
)
