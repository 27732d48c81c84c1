"""What waits for the owner thread is bounded, however many ask and leave."""

from __future__ import annotations

import pytest

from common.errors import OverLimit, Unavailable
from dragon_node.inference.scheduling.calls import Loading
from dragon_node.inference.scheduling.inbox import INBOX_MAX, Inbox, Unload


def asks(model: str = "m", arrived_s: float = 1.0, *, background: bool = False) -> Loading:
    return Loading(model=model, reason="", arrived_s=arrived_s, background=background)


def test_callers_that_left_leave_nothing_behind():
    inbox = Inbox()
    loading, stays = inbox.load(asks())
    for _ in range(3_000):
        inbox.leave(*inbox.load(asks()))
        inbox.stay(*inbox.unload(Unload("n", False, 1.0)))
    assert (inbox.calls(), len(loading.waiters), inbox.unloads()) == ((loading,), 1, [])
    inbox.leave(loading, stays)
    assert inbox.calls() == ()
    assert loading.cancelled


def test_all_who_want_the_same_wait_together_even_when_the_owner_thread_has_it_already():
    inbox = Inbox()
    loading, first = inbox.load(asks())
    assert inbox.take(loading)
    joined, second = inbox.load(asks())
    assert (joined, inbox.calls()) == (loading, ())
    loading.done()
    assert first.done()
    assert second.done()
    assert inbox.load(asks())[0] is not loading

    unload, first = inbox.unload(Unload("m", False, 2.0))
    assert inbox.unloads() == [unload]
    joined, second = inbox.unload(Unload("m", True, 3.0))
    assert (joined, unload.now, inbox.unloads()) == (unload, True, [])
    unload.waiters.fail(Unavailable("no"))
    assert first.exception() is not second.exception()


def test_a_load_goes_on_without_its_callers_when_it_is_needed_anyway():
    inbox = Inbox()
    inbox.prepare(asks(background=True))
    loading, future = inbox.load(asks())
    inbox.leave(loading, future)
    assert inbox.calls() == (loading,)
    inbox.prepare(asks(background=True))
    assert inbox.calls() == (loading,)


def test_a_load_that_a_person_joins_is_in_the_background_no_more():
    inbox = Inbox()
    inbox.prepare(asks("b", 1.0, background=True))
    other, _ = inbox.load(asks("c", 2.0))
    assert inbox.calls()[0] is other
    joined, _ = inbox.load(asks("b", 3.0))
    assert inbox.calls() == (joined, other)


def test_loads_and_unloads_of_too_many_models_are_refused_with_the_number():
    inbox = Inbox()
    for number in range(INBOX_MAX):
        inbox.load(asks(f"m{number}"))
        inbox.unload(Unload(f"m{number}", False, 0.0))
    with pytest.raises(OverLimit, match=f"{INBOX_MAX} loads already wait"):
        inbox.load(asks("n"))
    with pytest.raises(OverLimit, match=f"{INBOX_MAX} models are already to leave"):
        inbox.unload(Unload("n", False, 1.0))
    inbox.load(asks("m0"))
    inbox.unload(Unload("m0", False, 1.0))
