"""So many calls at a time, of each caller and to each node; what has ended makes room."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Denied, Missing, OverLimit, Unavailable
from common.model.ids import NodeId
from common.model.node import Identity, Node
from coordinator_node.relay.targets import target
from coordinator_node.relay.turns import Most, Turns


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), max_size=30))
def test_nobody_has_more_turns_than_allowed(calls: list[tuple[str, str]]) -> None:
    turns, taken = Turns(Most(of_caller=3, to_target=4)), list[tuple[str, str]]()
    with ExitStack() as stack:
        for caller, node in calls:
            of = sum(1 for each, _ in taken if each == caller)
            to = sum(1 for _, each in taken if each == node)
            if of < 3 and to < 4:
                stack.enter_context(turns.taken(caller, node))
                taken.append((caller, node))
            else:
                with (
                    pytest.raises(OverLimit, match=r"3 calls of this|4 calls are relayed"),
                    turns.taken(caller, node),
                ):
                    raise AssertionError
        assert turns.now() == len(taken)
    assert turns.now() == 0


def test_a_node_is_called_so_often_and_no_more_whoever_calls() -> None:
    turns = Turns(Most(to_target=2))
    with turns.taken("a", "x"), turns.taken("b", "x"):
        with pytest.raises(OverLimit, match="2 calls are relayed"), turns.taken("c", "x"):
            raise AssertionError
        with turns.taken("c", "y"):  # the control
            pass


OWN = Identity("m", "coordinator", NodeId("c"))
DRAGON = Node("dragon", NodeId("d"), "10.0.0.1:1", "serving", 3.0)


def test_a_node_with_a_lease_is_found_by_its_name() -> None:
    assert target((DRAGON,), OWN, Identity("m", "dragon", NodeId("d"))) is DRAGON


@pytest.mark.parametrize(
    ("wanted", "kind", "reason"),
    [
        (Identity("other", "dragon", NodeId("d")), Denied, "another mesh"),
        (Identity("m", "coordinator", NodeId("c")), Denied, "directly"),
        (Identity("m", "dragon", NodeId("e")), Missing, "no lease now"),
        (Identity("m", "developer", NodeId("d")), Missing, "no lease now"),
        (Identity("m", "developer", NodeId("l")), Unavailable, "listens to nobody"),
    ],
)
def test_anybody_else_is_refused_with_the_reason(
    wanted: Identity, kind: type[Exception], reason: str
) -> None:
    laptop = Node("developer", NodeId("l"), "", "serving", 3.0)
    with pytest.raises(kind, match=reason):
        target((DRAGON, laptop), OWN, wanted)
