"""A failure stands until a run says that it is over; silence is not a pass."""

from __future__ import annotations

from dataclasses import replace

from common.model.event import CommandFinished, Event
from common.model.failure import Failure, TestReport
from common.model.ids import EventId, Fingerprint, WorkingCopyId
from developer_node.front.lsp.standing import standing

TEST = Failure("pytest", "E", "test", "m", "m", "t.py::one", fingerprint=Fingerprint("1" * 32))
OTHER = replace(TEST, test="t.py::two", fingerprint=Fingerprint("2" * 32))
LINT = Failure("ruff", "F401", "lint", "m", "m", fingerprint=Fingerprint("3" * 32))


def run(
    number: int,
    *failures: Failure,
    command: str = "pytest -q",
    code: int = 1,
    tests: TestReport | None = None,
    running: bool = False,
) -> Event:
    codes = () if running else (code,)
    body = CommandFinished(
        command, "/w", codes, 100, failures=failures, tests=tests, running=running
    )
    return Event(EventId(f"{number:032x}"), 1_000 * number, WorkingCopyId("a" * 16), body)


def left(*events: Event) -> list[str]:
    return [each.failure.test or each.failure.tool for each in standing(events)]


def test_a_failure_stands() -> None:
    assert left(run(1, TEST)) == ["t.py::one"]


def test_a_test_that_is_named_among_those_that_passed_is_over_whatever_the_command() -> None:
    assert left(run(1, TEST), run(2, command="tox", tests=TestReport(passed=("t.py::one",)))) == []


def test_runs_are_read_in_the_order_in_which_they_ran() -> None:
    passed = run(1, code=0, tests=TestReport(passed=("t.py::one",), passed_count=1))
    assert left(run(2, TEST), passed) == ["t.py::one"]


def test_the_same_command_that_ran_as_many_tests_and_ended_well_is_enough() -> None:
    before = TestReport(failed=("t.py::one",), failed_count=1, passed_count=3)
    assert left(run(1, TEST, tests=before), run(2, code=0, tests=TestReport(passed_count=4))) == []


def test_the_same_command_that_ran_fewer_tests_says_nothing_of_the_others() -> None:
    before = TestReport(failed=("t.py::one",), failed_count=1, passed_count=3)
    fewer = TestReport(passed_count=2, deselected_count=2)
    assert left(run(1, TEST, tests=before), run(2, code=0, tests=fewer)) == ["t.py::one"]


def test_a_run_of_which_no_report_is_known_says_nothing_unless_it_ended_well() -> None:
    assert left(run(1, TEST), run(2, code=2)) == ["t.py::one"]
    assert left(run(1, TEST), run(2, code=0)) == []


def test_another_command_that_ends_well_says_nothing() -> None:
    assert left(run(1, TEST), run(2, command="ls", code=0)) == ["t.py::one"]


def test_a_skipped_test_has_not_passed() -> None:
    before = TestReport(failed=("t.py::one",), failed_count=1)
    skipped = TestReport(skipped=("t.py::one",), skipped_count=1, passed_count=3)
    assert left(run(1, TEST, tests=before), run(2, code=0, tests=skipped)) == ["t.py::one"]


def test_a_linter_that_runs_again_tells_anew_what_is_wrong() -> None:
    second = replace(LINT, code="E501", fingerprint=Fingerprint("4" * 32))
    events = run(1, LINT, command="ruff check"), run(2, second, command="ruff check")
    assert [each.failure.code for each in standing(events)] == ["E501"]


def test_the_newest_run_of_a_failure_is_the_one_that_is_shown() -> None:
    [one] = standing((run(1, TEST), run(2, TEST, command="pytest t.py")))
    assert one.event == EventId(f"{2:032x}")


def test_another_failure_of_the_same_test_takes_its_place() -> None:
    changed = replace(TEST, fingerprint=Fingerprint("9" * 32))
    again = run(2, changed, command="pytest t.py", tests=TestReport(failed=("t.py::one",)))
    assert [each.failure.fingerprint for each in standing((run(1, TEST), again))] == ["9" * 32]


def test_two_failures_of_one_run_both_stand() -> None:
    assert left(run(1, TEST, OTHER)) == ["t.py::one", "t.py::two"]


def test_a_request_that_failed_while_a_server_ran_is_over_only_by_its_name() -> None:
    during = replace(TEST, test="GET /cart", during=True)
    failed = run(1, during, command="flask run", running=True)
    assert left(failed, run(2, command="flask run", code=0)) == ["GET /cart"]
    well = run(3, command="flask run", running=True, tests=TestReport(passed=("GET /cart",)))
    assert left(failed, well) == []


def test_what_failed_long_ago_does_not_stand_for_ever() -> None:
    events = run(1, OTHER), run(5, TEST)
    assert [each.failure.test for each in standing(events, since_ms=2_000)] == ["t.py::one"]


def test_what_was_imported_from_another_tool_does_not_count() -> None:
    event = run(1, TEST)
    assert isinstance(event.body, CommandFinished)
    assert left(replace(event, body=replace(event.body, recorder="atuin"))) == []
