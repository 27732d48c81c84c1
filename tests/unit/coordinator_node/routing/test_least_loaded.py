"""The node that begins soonest comes first, with its reasons; who cannot is named all the same."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from common.model.ids import NodeId
from common.model.node import Node, NodeLoad
from coordinator_node.routing.least_loaded import LOADING_COSTS, PURPOSES, rank
from coordinator_node.routing.work import Work

LAKE = Work("lake")
NODES = st.lists(
    st.builds(
        lambda name, queue, cpu, free, models, state: Node(
            "dragon",
            NodeId(f"n{name}"),
            f"n{name}:1",
            state,
            3.0,
            capabilities=("lake", "inference"),
            load=NodeLoad(queue=queue, cpu=cpu, context_bytes_free=free),
            models=models,
        ),
        st.integers(0, 50),
        st.integers(0, 20),
        st.sampled_from((0.0, 0.5, 1.0)),
        st.sampled_from((0, 1 << 20, 1 << 32)),
        st.sampled_from(((), ("m",), ("m", "e"))),
        st.sampled_from(("serving", "serving", "draining", "gone")),
    ),
    max_size=12,
    unique_by=lambda node: node.id,
)


def dragon(name: str, queue: int = 0, cpu: float = 0.0) -> Node:
    load = NodeLoad(queue=queue, cpu=cpu)
    return Node(
        "dragon", NodeId(name), f"{name}:1", "serving", 3.0, capabilities=("lake",), load=load
    )


def order(*nodes: Node, work: Work = LAKE, version: str = "") -> list[str]:
    return [each.node.id for each in rank(work, nodes, version=version) if each.rank]


def test_the_shorter_queue_wins_then_the_idler_cpu_then_the_id() -> None:
    assert order(dragon("a", 2), dragon("b", 1)) == ["b", "a"]
    assert order(dragon("a", 1, 0.9), dragon("b", 1, 0.1)) == ["b", "a"]
    assert order(dragon("b"), dragon("a")) == ["a", "b"]


def test_who_cannot_or_should_not_is_left_out_and_told_why() -> None:
    good = dragon("good")
    nodes = (
        good,
        replace(dragon("other"), capabilities=("inference",)),
        replace(dragon("draining"), state="draining"),
        replace(dragon("gone"), state="gone"),
        replace(dragon("deaf"), address=""),
    )
    assert order(*nodes) == ["good"]
    why = {each.node.id: each.reasons[0] for each in rank(LAKE, nodes) if not each.rank}
    assert why == {
        "deaf": "it listens to nobody",
        "draining": "it is draining: it finishes what it has and takes nothing new",
        "gone": "its lease has ended",
        "other": "does not offer lake",
    }


def test_a_loaded_model_is_worth_a_short_wait_and_no_long_one() -> None:
    work = Work("lake", model="m")
    loaded = replace(dragon("z", LOADING_COSTS), models=("m",))
    assert order(dragon("a", 1), loaded, work=work) == ["z", "a"]
    assert order(dragon("a", 0), replace(loaded, load=NodeLoad(queue=9)), work=work) == ["a", "z"]


def test_a_model_on_the_disk_comes_before_one_that_would_have_to_be_fetched() -> None:
    work = Work("inference", model="m")
    able = replace(dragon("x"), capabilities=("inference",))
    loaded = replace(able, id=NodeId("z"), models=("m",), on_disk=("m", "n"))
    on_disk = replace(able, id=NodeId("y"), models=("n",), on_disk=("m", "n"))
    lacking = replace(able, models=("n",), on_disk=("n",))
    assert order(lacking, on_disk, loaded, work=work) == ["z", "y", "x"]
    busy = replace(on_disk, load=NodeLoad(queue=20))
    assert order(lacking, busy, work=work) == ["y", "x"]
    said = {each.node.id: each.reasons[0] for each in rank(work, (lacking, on_disk, loaded))}
    assert said == {"z": "m is loaded", "y": "m is on disk, not loaded", "x": "m is not there"}


def test_a_dragon_that_does_not_tell_what_is_on_its_disk_may_have_the_model() -> None:
    work = Work("inference", model="m")
    old = replace(dragon("b"), capabilities=("inference",), models=("n",))
    lacking = replace(old, id=NodeId("a"), on_disk=("n",))
    assert order(lacking, old, work=work) == ["b", "a"]
    first, _ = rank(work, (old, lacking))
    assert first.reasons[0] == "m is not loaded"
    for purpose in PURPOSES:  # any model will do, and its name says nothing of it
        fast = replace(work, model=purpose)
        assert order(lacking, old, work=fast) == ["a", "b"]
        assert rank(fast, (lacking,))[0].reasons[0] == f"{purpose} is not loaded"


def test_a_dragon_with_models_on_its_disk_is_not_bare() -> None:
    ready = replace(dragon("a"), capabilities=("inference",), on_disk=("m",))
    busy = replace(dragon("b", 50), capabilities=("inference",), models=("m",), on_disk=("m",))
    assert order(busy, ready, work=Work("inference")) == ["a", "b"]


def test_hardly_any_room_for_a_context_comes_behind_a_few_requests() -> None:
    cramped = replace(dragon("a"), load=NodeLoad(context_bytes_free=1))
    assert order(cramped, dragon("b", 3)) == ["b", "a"]
    assert order(cramped, dragon("b", 5)) == ["a", "b"]


def test_where_no_model_is_loaded_is_asked_for_one_after_everybody_and_says_so() -> None:
    """It may have none at all, and would say that there is none in the mesh."""
    bare = replace(dragon("a"), capabilities=("inference",))
    busy = replace(dragon("b", 50), capabilities=("inference",), models=("m",))
    for model in ("", "m", "other"):
        assert order(bare, busy, work=Work("inference", model=model)) == ["b", "a"]
    assert order(bare, work=Work("inference")) == ["a"]  # to fetch one, or to say why there is none
    (_, last) = rank(Work("inference"), (bare, busy))
    assert last.reasons[0] == "no model is loaded there"
    assert order(dragon("a"), replace(dragon("b", 1), models=("m",))) == ["a", "b"]


def test_a_clock_or_version_far_off_comes_after_everybody_and_says_so() -> None:
    late = replace(dragon("a"), clock_ahead_ms=-90_000)
    old = replace(dragon("b"), version="0.1.0")
    near = replace(dragon("c", 50), version="0.4.9")
    assert order(late, old, near, version="0.5.0") == ["c", "a", "b"]
    reasons = {each.node.id: each.reasons[0] for each in rank(LAKE, (late, old), version="0.5.0")}
    assert reasons == {
        "a": "its clock is 90 s behind",
        "b": "version 0.1.0, more than one minor version from 0.5.0",
    }


def test_routes_of_this_beat_count_as_if_they_were_in_the_queue() -> None:
    first, *_ = rank(LAKE, (dragon("a"), dragon("b", 1)), given={NodeId("a"): 2})
    assert first.node.id == "b"


@given(NODES, st.randoms(use_true_random=False), st.sampled_from(("", "m")))
def test_the_order_is_total_and_does_not_depend_on_the_order_of_the_input(
    nodes: list[Node], random: object, model: str
) -> None:
    work = Work("inference", model=model)
    ranked = rank(work, nodes)
    shuffled = list(nodes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # pyright: ignore
    assert rank(work, shuffled) == ranked
    assert sorted(each.node.id for each in ranked) == sorted(node.id for node in nodes)
    ranks = [each.rank for each in ranked]
    chosen = sum(1 for each in ranks if each)
    assert ranks == [*range(1, chosen + 1), *[0] * (len(ranks) - chosen)]
    assert all(each.reasons for each in ranked)
