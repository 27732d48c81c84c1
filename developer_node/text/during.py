"""Failures of a program that still runs, each with the request or the cycle that it broke."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from common.model.failure import TestReport
from developer_node.text.parsers import known, python
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Place, Symptom, plain_lines
from developer_node.text.running import Ended, endings

_FLASK = re.compile(r"\bException on (?P<path>/\S*) \[(?P<verb>[A-Z]+)\]")
_DJANGO = re.compile(r"^Internal Server Error: (?P<path>/\S*)")
_BEFORE_MAX = 2
"""Lines between a request's line and the trace that it left, where the request is told first."""
_BUILDS = {"tsc": "tsc build", "webpack": "webpack build"}
"""Tools whose errors are over when a whole cycle comes out clean."""


def parse(text: str, command: str, place: Place) -> tuple[list[Symptom], TestReport | None]:
    """What failed, each once, and what was seen to end well or badly, by name.

    A trace that belongs to no request, task or start is left out: it may have been handled. What
    ended well later in the same part is over.
    """
    lines = plain_lines(text)
    read = known.read(text, command, place, _ALL_TRACES)
    ended = list(endings(lines))
    symptoms: dict[Symptom, None] = {}
    used: set[int] = set()
    for i, found in enumerate(read.found):
        until = read.found[i + 1].first if i + 1 < len(read.found) else len(lines)
        name = _name(found, lines, ended, used, until, place)
        over = any(e.well and e.name == name and e.at > found.last for e in ended)
        if name and not over:
            symptoms[replace(found.symptom, test=name)] = None
    return list(symptoms), _report(ended, read.tests)


def _every_trace(lines: Sequence[str], _place: Place) -> Parsed:
    return Parsed(tuple(c.found() for c in python.chains(lines)))


_ALL_TRACES: tuple[Parser, ...] = tuple(
    replace(p, parse=_every_trace) if p is python.PARSER else p for p in known.PARSERS
)
"""A program that goes on has not died of the last one."""


def _name(
    found: Found,
    lines: Sequence[str],
    ended: Sequence[Ended],
    used: set[int],
    until: int,
    place: Place,
) -> str:
    symptom = found.symptom
    if symptom.test or symptom.kind == "test":
        return symptom.test
    if symptom.tool in _BUILDS:
        return _BUILDS[symptom.tool]
    if symptom.tool == "vite":
        # It never says that a module came out well: what is told here is not seen to be over.
        return f"vite {place.relative(_path(symptom))}"
    told = _told(found, lines)
    near = [e for e in ended if e.well is False and e.at not in used]
    before = [e for e in near if 0 < found.first - e.at <= _BEFORE_MAX and not told]
    after = [e for e in near if found.last < e.at < until and e.name.endswith(told)]
    chosen = before[-1] if before else after[0] if after else None
    if chosen is None:
        return told if " " in told else ""
    used.add(chosen.at)
    return chosen.name


def _path(symptom: Symptom) -> str:
    frames = symptom.complaint.frames
    return frames[-1].path if frames else ""


def _told(found: Found, lines: Sequence[str]) -> str:
    """The request, or its path alone, that the line before a trace names."""
    line = lines[found.first - 1] if found.first else ""
    flask, django = _FLASK.search(line), _DJANGO.search(line)
    if flask:
        return f"{flask['verb']} {flask['path'].partition('?')[0]}"
    return django["path"].partition("?")[0] if django else ""


def _report(ended: Sequence[Ended], tests: TestReport | None) -> TestReport | None:
    """The last word on each name counts."""
    last = {e.name: e.well for e in ended}
    passed = tuple(name for name, well in last.items() if well)
    failed = tuple(name for name, well in last.items() if well is False)
    if not passed and not failed:
        return tests
    return known.together(
        [
            *([tests] if tests else []),
            TestReport(
                passed=passed,
                failed=failed,
                passed_count=len(passed),
                failed_count=len(failed),
            ),
        ]
    )
