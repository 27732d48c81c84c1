"""Copied into a sandbox as a pytest plugin: tells which tests ran and how each ended."""

# Python 3.8 and later, the standard library alone: it runs on the person's interpreter.

from __future__ import annotations

import json
import os
from typing import Any

_ended: dict[str, str] = {}
_RANK = {"passed": 0, "skipped": 1, "failed": 2}


def pytest_runtest_logreport(report: Any) -> None:
    """The worst of set-up, call and tear-down; expected to fail counts as skipped."""
    outcome = "skipped" if hasattr(report, "wasxfail") else str(report.outcome)
    if outcome == "passed" and report.when != "call":
        return
    known = _ended.get(report.nodeid, "passed")
    _ended[report.nodeid] = max(known, outcome, key=_RANK.__getitem__)


def pytest_collectreport(report: Any) -> None:
    """A file that cannot be imported has no tests, and has failed."""
    if report.failed:
        _ended[report.nodeid] = "failed"


def pytest_sessionfinish(session: Any) -> None:
    """Once for each process of pytest."""
    place = os.environ.get("POSTDEVAI_SEEN")
    if not place:
        return
    told = {"root": str(session.config.rootdir), "ended": _ended}
    path = os.path.join(place, f"tests-{os.getpid()}-{os.urandom(4).hex()}.json")
    with open(path, "w", encoding="utf-8", errors="replace") as out:
        json.dump(told, out)
