"""Failures of programs that still ran: over when the same test or request is seen to pass."""

from __future__ import annotations

from dataclasses import replace

from common.model.failure import Failure, TestReport
from dragon_node.failures.recall import Recaller
from tests.support.failures import FIXED, Copy, Story, failure

SERVER = "flask run"
CART = "GET /cart"


def of_request(request: str = CART) -> Failure:
    return replace(failure(test=request), tool="python", kind="runtime", during=True)


def of_watched_test() -> Failure:
    return replace(failure(), during=True)


def tells(copy: Copy, *failures: Failure, passed: tuple[str, ...] = ()) -> None:
    """A part of the server's output."""
    failed = tuple(f.test for f in failures)
    report = TestReport(passed=passed, failed=failed, passed_count=len(passed))
    copy.run(SERVER, 0, failures, report if passed or failed else None, running=True)


async def test_a_request_that_succeeds_after_a_change_shows_the_remedy(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    tells(copy, of_request())
    copy.write("shop/cart.py", FIXED)
    tells(copy, passed=(CART,))
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert (remedy.state, remedy.paths, remedy.command) == ("observed", ("shop/cart.py",), SERVER)


async def test_another_request_that_succeeds_shows_nothing(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    tells(copy, of_request())
    copy.write("shop/cart.py", FIXED)
    tells(copy, passed=("GET /",))
    assert (await recaller.by_fingerprint("f1")).remedies == ()


async def test_a_server_that_is_ended_well_has_not_passed(story: Story, recaller: Recaller) -> None:
    for named in (CART, ""):
        copy = story.copy(named)
        tells(copy, of_request(named))
        copy.write("shop/cart.py", FIXED)
        copy.run(SERVER, 0)
        assert (await recaller.by_fingerprint("f1")).remedies == ()


async def test_a_request_that_succeeds_with_nothing_changed_is_not_called_flaky(
    story: Story, recaller: Recaller
) -> None:
    """The one may have come with another cart than the other."""
    copy = story.copy()
    tells(copy, of_request())
    tells(copy, passed=(CART,))
    found = await recaller.by_fingerprint("f1")
    assert (found.flaky, found.remedies) == (None, ())


async def test_a_watched_test_is_over_when_it_is_named_and_not_by_counts(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    tells(copy, of_watched_test())
    copy.write("shop/cart.py", FIXED)
    copy.run(SERVER, 0, (), TestReport(passed_count=9), running=True)
    assert (await recaller.by_fingerprint("f1")).remedies == ()
    tells(copy, passed=(of_watched_test().test,))
    assert len((await recaller.by_fingerprint("f1")).remedies) == 1


async def test_a_part_that_does_not_name_a_test_says_nothing_of_it(
    story: Story, recaller: Recaller
) -> None:
    """All that passed is named, yet the program has not come to its end."""
    copy = story.copy()
    copy.fails(failure(), command=SERVER)
    copy.write("shop/cart.py", FIXED)
    tells(copy, passed=("tests/test_cart.py::test_other",))
    assert "left out" not in (await recaller.by_fingerprint("f1")).note


async def test_a_runner_whose_part_and_end_tell_one_failure_has_failed_once(
    story: Story, recaller: Recaller
) -> None:
    """On a slow machine a runner is quiet for a moment between its last word and its end."""
    copy = story.copy()
    report = TestReport(failed=(failure().test,), failed_count=1)
    copy.run("pytest", 0, (of_watched_test(),), report, running=True, run="r1")
    copy.run("pytest", 1, (failure(),), report, run="r1")
    assert len((await recaller.by_fingerprint("f1")).occurrences) == 1
    copy.write("shop/cart.py", FIXED)
    copy.run("pytest", 0, (), TestReport(passed_count=1))
    found = await recaller.by_fingerprint("f1")
    assert [r.paths for r in found.remedies] == [("shop/cart.py",)]
    assert len(found.occurrences) == 1


async def test_parts_of_a_server_are_each_a_time_that_it_failed(
    story: Story, recaller: Recaller
) -> None:
    """The control: its end tells nothing of the request."""
    copy = story.copy()
    for _ in range(2):
        copy.run(SERVER, 0, (of_request(),), running=True, run="r1")
    copy.run(SERVER, 130, run="r1")
    assert len((await recaller.by_fingerprint("f1")).occurrences) == 2
