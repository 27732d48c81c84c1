"""Which recorded failures still stand: those of which no later run says that they are over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from common.model.event import CommandFinished, Event, is_imported
from common.model.failure import Failure, TestReport
from common.model.ids import EventId

STANDS_MS = 7 * 86_400_000
"""What failed longer ago is no news at a line, even if nothing was seen to end it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A failure that nothing has been seen to end."""

    event: EventId
    at_ms: int
    started_ms: int
    command: CommandFinished
    """Without its output."""
    failure: Failure

    @property
    def key(self) -> tuple[str, str]:
        """The same failure of the same test, whichever run it is of."""
        return self.failure.fingerprint, self.failure.test


def standing(events: Iterable[Event], since_ms: int = 0) -> tuple[Standing, ...]:
    """What the newest runs of one working copy left behind, oldest first, each once; nothing of
    what failed before `since_ms`."""
    left: dict[tuple[str, str], Standing] = {}
    for event in sorted(events, key=lambda each: (each.at_ms, each.id)):
        body = event.body
        if not isinstance(body, CommandFinished) or is_imported(body):
            continue
        left = {key: each for key, each in left.items() if not is_over(each, body)}
        for failure in body.failures:
            found = Standing(event.id, event.at_ms, event.at_ms - body.duration_ms, body, failure)
            left.pop(found.key, None)
            left[found.key] = found
    return tuple(each for each in left.values() if each.at_ms >= since_ms)


def is_over(failed: Standing, later: CommandFinished) -> bool:
    """Whether a later run shows that it passes, or tells anew what fails. Silence is not a pass."""
    tests, test = later.tests, failed.failure.test
    again = (later.command, later.cwd) == (failed.command.command, failed.command.cwd)
    again = again and not later.running and not failed.failure.during
    if not test:
        return again
    if tests is None:
        return again and _well(later)
    if test in tests.passed or test in tests.failed:
        return True  # a failure of it that is told anew is added again
    if "::" not in test and any(name.startswith(f"{test}::") for name in tests.passed):
        return True  # a file that could not be collected
    return again and test not in tests.skipped and _all_ran(failed.command.tests, tests, later)


def _well(command: CommandFinished) -> bool:
    return bool(command.exit_codes) and not any(command.exit_codes)


def _all_ran(before: TestReport | None, tests: TestReport, later: CommandFinished) -> bool:
    """As many tests as then, none more left out, and every one that failed has a name."""
    if tests.passed and len(tests.passed) == tests.passed_count:
        return False  # each that passed is named, and it is not among them
    earlier = before or TestReport()
    return (
        tests.passed_count > 0
        and _executed(tests) >= _executed(earlier)
        and tests.skipped_count <= earlier.skipped_count
        and tests.deselected_count <= earlier.deselected_count
        and len(tests.failed) == tests.failed_count
        and (_well(later) or tests.failed_count > 0)
    )


def _executed(tests: TestReport) -> int:
    return tests.passed_count + tests.failed_count
