"""Whether a later run shows that what failed now passes. Silence is not a pass."""

from __future__ import annotations

import os
import shlex
from typing import Literal

from common.model.event import CommandFinished
from common.model.failure import Failure, TestReport
from dragon_node.failures.runs import Run

Verdict = Literal[
    "passed", "passed unnamed", "passed uncounted", "skipped", "not run", "failed", "unknown"
]
"""`passed unnamed`: by its counts; the run does not name the tests that passed. `passed uncounted`:
it does not count them either, so no more is known than that the same command ended well."""

SILENT_ON_A_PASS = frozenset({"go"})
"""Tools that name and count only what failed, unless they are asked for more. Of any other tool a
report without a test says that none was run."""


def verdict(
    failure: Failure, failing: Run, later: Run, command: CommandFinished, root: str
) -> Verdict:
    """What `later` says about a failure's test, or about a whole command when it has none.

    A failure of a program that still ran is over only when its test or request is named.
    """
    test = failure.test
    same_command = (later.command, later.cwd) == (failing.command, failing.cwd)
    if not test:
        return "passed" if same_command and later.ok and not failure.during else "unknown"
    tests = command.tests
    if tests is None:
        return "unknown"
    if named := _named(test, tests):
        return named
    if _is_alone(test, later, root):
        return "passed"
    if not same_command or failure.during or later.running:
        return "unknown"
    if failure.tool in SILENT_ON_A_PASS and later.ok and tests == TestReport():
        return "passed uncounted"
    if tests.passed and len(tests.passed) == tests.passed_count:
        return "not run"  # every test that passed is named, and it is not among them
    return "passed unnamed" if _counts_show_it(failing, later, tests) else "unknown"


def _named(test: str, tests: TestReport) -> Verdict | None:
    if "::" not in test:  # a file that could not be collected
        inside = f"{test}::"
        if any(t.startswith(inside) for t in tests.passed):
            return "passed"
    if test in tests.failed:
        return "failed"
    if test in tests.skipped:
        return "skipped"
    return "passed" if test in tests.passed else None


def _is_alone(test: str, later: Run, root: str) -> bool:
    """The command names this test and nothing else, and one test passed."""
    try:
        words = shlex.split(later.command)
    except ValueError:
        return False
    ids = [w for w in words if "::" in w]
    if len(ids) != 1 or not later.ok or later.passed != 1 or later.failed or later.skipped:
        return False
    path, _, name = ids[0].partition("::")
    whole = os.path.normpath(os.path.join(later.cwd, path))
    relative = whole[len(root) + 1 :] if root and whole.startswith(root + "/") else path
    return f"{relative}::{name}" == test


def _counts_show_it(failing: Run, later: Run, tests: TestReport) -> bool:
    """As many tests were executed, none more was left out, and all that failed are named."""
    return (
        later.passed > 0
        and later.executed >= failing.executed
        and later.skipped <= failing.skipped
        and later.deselected <= failing.deselected
        and len(tests.failed) == later.failed
        and (later.ok or later.failed > 0)
    )
