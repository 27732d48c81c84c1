"""What two rows of runs prove: pure, from what was seen to a verdict with its reason."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from common.model.event import CommandFinished
from common.model.failure import Failure, TestReport
from common.tests_by_name import language
from developer_node.proof.witness import Seen

RUNS = 3
"""Of each colour."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One run in the sandbox, interpreted as every recorded command is."""

    command: CommandFinished
    seen: Seen
    root: str
    """Where the command saw the tree."""
    stopped: str = ""
    """Which limit ended it."""


def red(tried: Tried, failure: Failure) -> str:
    """Why this run did not fail as it did then; empty when it did."""
    if tried.stopped:
        return f"the rebuilt tree did not come to its failure: {tried.stopped}"
    found = tried.command.failures
    if any(f.fingerprint == failure.fingerprint for f in found):
        return ""
    if not _went_wrong(tried.command):
        return "the rebuilt tree does not fail: something that was not recorded made it fail then"
    same_test = [f for f in found if f.test == failure.test]
    other = (same_test or list(found) or [None])[0]
    if other is None:
        return f"the rebuilt tree ends with exit code {_code(tried.command)}, without that failure"
    return f"the rebuilt tree fails in another way: {_words(other)}"


def green(tried: Tried, failure: Failure) -> str:
    """Why this run with the remedy does not count as passed; empty when it does."""
    if tried.stopped:
        return f"with the remedy it did not come to an end: {tried.stopped}"
    for found in tried.command.failures:
        if found.fingerprint == failure.fingerprint:
            return "it fails in the same way with the remedy"
    report = tried.seen.tests or tried.command.tests
    if failure.test and report is not None:
        return _test_passed(failure.test, report, tried.command)
    if _went_wrong(tried.command):
        other = next((f": {_words(f)}" for f in tried.command.failures), "")
        return f"with the remedy it ends with exit code {_code(tried.command)}{other}"
    return ""


def origin(tried: Tried, paths: Sequence[str]) -> str:
    """Why the pass may not come from the remedy's own files; empty when it does.

    An editable install, or a copy in site-packages, may be what was tested instead.
    """
    wanted = [p for p in paths if p.endswith(".py")]
    if not wanted:
        return ""
    if not tried.seen.python:
        return "Python could not be asked which files it had loaded"
    loaded: list[str] = []
    for path in wanted:
        own = os.path.join(tried.root, path)
        if own in tried.seen.modules:
            loaded.append(path)
        elif stranger := _stranger(path, tried.seen.modules, tried.root):
            return f"{path} was not tested: {stranger} was loaded in its place"
    return "" if loaded else f"none of the remedy's files was loaded, such as {wanted[0]}"


def origin_unknown(paths: Sequence[str]) -> str:
    """What `origin` says nothing of; empty when all of it is Python's. The tree stood in the place
    of the files all the same, but a copy that lies elsewhere may have been loaded."""
    others = [p for p in paths if language(p) not in ("python", "other")]
    if not others and any(language(p) == "python" for p in paths):
        return ""
    where = f", such as {others[0]}" if others else ""
    return f"outside Python{where}, it was not looked at where modules were loaded from"


def without_flakes(first: str, done: int, colour: str) -> str:
    """The reason of a run that contradicts the ones before it."""
    if not done:
        return first
    times = "once" if done == 1 else f"{done} times"
    return f"it is not steady: {times} {colour}, and then {first}"


def with_tests(command: CommandFinished, seen: Seen) -> CommandFinished:
    """The command with the tests that pytest named from inside, quiet or not."""
    return replace(command, tests=seen.tests) if seen.tests is not None else command


def _test_passed(test: str, report: TestReport, command: CommandFinished) -> str:
    if test in report.passed:
        return ""
    if test in report.failed:
        return f"{test} fails with the remedy too"
    if test in report.skipped:
        return f"{test} is skipped with the remedy"
    if "::" not in test:  # a file that could not be imported: its tests are named instead
        inside = [n for n in report.passed if n.startswith(f"{test}::")]
        broken = [n for n in report.failed if n.startswith(f"{test}::")]
        return "" if inside and not broken else f"no test of {test} passed with the remedy"
    if not any((report.passed, report.failed, report.skipped)):
        wrong = _went_wrong(command) or not report.passed_count
        return f"{test} was not seen to pass" if wrong else ""
    return f"{test} did not run with the remedy"


def _stranger(path: str, modules: Iterable[str], root: str) -> str:
    """A loaded file outside the tree's place that ends as the path does, package and all."""
    parts = PurePosixPath(path).parts
    tail = "/".join(parts[-2:]) if parts[-1] == "__init__.py" else "/".join(parts[-3:])
    tails = {tail, "/".join(parts[1:]) if len(parts) > 2 else tail}
    own = os.path.join(root, path)
    for module in sorted(modules):
        if module != own and any(module.endswith(f"/site-packages/{t}") for t in tails):
            return module
        if module != own and len(parts) > 1 and any(module.endswith(f"/{t}") for t in tails):
            return module
    return ""


def _went_wrong(command: CommandFinished) -> bool:
    return any(command.exit_codes)


def _code(command: CommandFinished) -> int:
    return next((c for c in reversed(command.exit_codes) if c), 0)


def _words(failure: Failure) -> str:
    first = failure.message.strip().splitlines()
    said = f"{failure.code}: {first[0]}" if first and failure.code else (first or [failure.code])[0]
    return said[:200]
