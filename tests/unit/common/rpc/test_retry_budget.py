"""Of many failing calls few are tried again; of a few all are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from common.errors import Unavailable
from common.rpc.circuit import Breaker
from common.rpc.retry_budget import BURST, SHARE, RetryBudget
from common.rpc.routed import Routed
from tests.support.scripted_daemon import SetClock
from tests.unit.common.rpc.test_routed import Ways, failing


@given(st.lists(st.booleans(), max_size=400))
def test_tries_stay_within_the_share_and_the_burst_whatever_the_order(calls: list[bool]) -> None:
    """True is a call; False is a wish to try again."""
    budget = RetryBudget()
    called = tried = 0
    for is_call in calls:
        if is_call:
            budget.note_call()
            called += 1
        else:
            tried += budget.take()
        assert tried <= called * SHARE + BURST
        assert 0 <= budget.left <= BURST


async def test_once_the_budget_is_spent_a_failed_call_goes_to_no_other_node() -> None:
    """The control: with a full budget the same call is answered by the second node."""
    ways = Ways("a", "b")
    budget = RetryBudget(burst=1)
    routed = Routed("lake", ways.resolve, ways, Breaker("lake", SetClock()), budget)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    away = failing(Unavailable("a is away"), "a")
    assert await routed.call(away) == "b"
    try:
        await routed.call(away)
    except Unavailable as error:
        assert error.message == "a is away"
    else:
        raise AssertionError("a second try was made without budget")
    assert ways.dialled == ["a", "b", "a"]
    assert budget.refused >= 1
