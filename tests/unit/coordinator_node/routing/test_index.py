"""What the index picks out of many nodes is what ranking all of them puts first."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from common.model.ids import NodeId
from common.model.node import Node, NodeLoad
from coordinator_node.routing import least_loaded, project_affinity
from coordinator_node.routing.index import Index
from coordinator_node.routing.project_affinity import GIB, Place
from coordinator_node.routing.work import Work

NODE = st.builds(
    lambda name, queue, gib, models, state, projects: Node(
        "dragon",
        NodeId(f"n{name}"),
        f"n{name}:1",
        state,
        3.0,
        capabilities=("lake", "inference"),
        load=NodeLoad(queue=queue, lake_bytes_free=gib * GIB),
        models=models,
        projects=projects,
    ),
    st.integers(0, 14),
    st.integers(0, 12),
    st.sampled_from((0, 1, 5)),
    st.sampled_from(((), ("m",))),
    st.sampled_from(("serving", "serving", "serving", "draining", "gone")),
    st.sampled_from(((), (), ("p0",), ("p0", "p1"))),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), NODE),
        st.tuples(st.just("remove"), st.integers(0, 14)),
        st.tuples(st.just("given"), st.sampled_from(("", "m"))),
        st.tuples(st.just("home"), st.sampled_from(("p0", "p1", "p2", "p3"))),
    ),
    max_size=60,
)


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_whatever_comes_and_goes_the_first_is_the_same(steps: list[tuple[str, object]]) -> None:
    index = Index()
    nodes: dict[NodeId, Node] = {}
    sent: dict[NodeId, int] = {}
    for what, which in steps:
        if what == "put" and isinstance(which, Node):
            index.put(which)
            nodes[which.id] = which
            sent.pop(which.id, None)
        elif what == "remove":
            index.remove(NodeId(f"n{which}"))
            nodes.pop(NodeId(f"n{which}"), None)
            sent.pop(NodeId(f"n{which}"), None)
        elif what == "given":
            work = Work("inference", model=str(which))
            ranked = least_loaded.rank(work, nodes.values(), given=sent)
            whole = [each.node.id for each in ranked if each.rank]
            few = [node.id for node in index.soonest(work)]
            assert few == whole[: len(few)] and (few or not whole)
            if few:
                index.note(few[0])
                sent[few[0]] = sent.get(few[0], 0) + 1
        else:
            work, place = Work("lake", str(which)), Place(str(which))
            all_of_them = project_affinity.rank(work, nodes.values(), place)
            whole = [each.node.id for each in all_of_them if each.rank]
            ranked = project_affinity.rank(work, index.homes(work, place), place)
            few = [each.node.id for each in ranked if each.rank]
            assert few == whole[: len(few)] and (few or not whole)


def test_following_forgets_who_is_told_of_no_more() -> None:
    index = Index()
    one, other = (
        Node("dragon", NodeId(name), "a:1", "serving", 3.0, capabilities=("lake",))
        for name in ("a", "b")
    )
    index.follow((one, other))
    assert len(index.soonest(Work("lake"))) == 2
    index.follow((other,))
    assert index.soonest(Work("lake")) == (other,)
    assert index.homes(Work("lake", "p"), Place("p")) == (other,)
