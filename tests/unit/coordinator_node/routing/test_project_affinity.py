"""A project stays where it is; one that nobody has goes where a hash puts it, and a node that
leaves moves only its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from common.model.ids import NodeId
from common.model.node import Node, NodeLoad
from coordinator_node.routing.project_affinity import GIB, Place, rank
from coordinator_node.routing.work import Work

NAMES = st.lists(st.integers(0, 500).map(lambda n: f"d{n}"), min_size=1, max_size=9, unique=True)


def dragon(name: str, *projects: str, gib: int = 0, state: str = "serving") -> Node:
    return Node(
        "dragon",
        NodeId(name),
        f"{name}:1",
        state,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        3.0,
        capabilities=("lake",),
        load=NodeLoad(lake_bytes_free=gib * GIB),
        projects=projects,
    )


def order(*nodes: Node, pinned: str = "", placed: str = "", task: str = "") -> list[str]:
    place = Place("p", pinned, placed)
    ranked = rank(Work("lake", "p", task=task), nodes, place)
    return [each.node.id for each in ranked if each.rank]


def first(nodes: list[Node], project: str) -> str:
    return rank(Work("lake", project), nodes, Place(project))[0].node.id


@given(NAMES, st.data())
def test_one_that_leaves_moves_only_its_own_projects(names: list[str], data: st.DataObject) -> None:
    nodes = [dragon(name, gib=i % 5) for i, name in enumerate(names)]
    leaves = data.draw(st.sampled_from(nodes))
    rest = [node for node in nodes if node is not leaves]
    for project in (f"p{i}" for i in range(40)):
        was = first(nodes, project)
        if rest and was != leaves.id:
            assert first(rest, project) == was


@given(NAMES, st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_the_order_does_not_depend_on_the_order_of_the_input(
    names: list[str], random: object
) -> None:
    nodes = [dragon(name, *(["p"] if i % 3 == 0 else [])) for i, name in enumerate(names)]
    shuffled = list(nodes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # pyright: ignore
    work, place = Work("lake", "p"), Place("p", pinned=names[-1])
    assert rank(work, nodes, place) == rank(work, shuffled, place)


def test_a_pin_wins_then_the_placement_then_whoever_holds_it() -> None:
    nodes = (dragon("a", "p"), dragon("b", "p"), dragon("c"), dragon("d"))
    assert order(*nodes, pinned="d", placed="c")[:2] == ["d", "c"]
    assert set(order(*nodes, pinned="d", placed="c")[2:]) == {"a", "b"}
    assert set(order(*nodes)) == {"a", "b"}


def test_while_the_one_that_has_it_is_away_nobody_else_is_asked() -> None:
    away = dragon("a", "p", state="gone")
    assert order(away, dragon("b")) == []
    ranked = rank(Work("lake", "p"), (away, dragon("b")), Place("p"))
    assert [each.reasons for each in ranked] == [
        ("holds the project", "its lease has ended"),
        ("it does not hold it, and another does",),
    ]
    assert set(order(dragon("a"), dragon("b"))) == {"a", "b"}  # the control: nobody has it


def test_what_is_recorded_goes_to_one_dragon_though_several_may_be_asked() -> None:
    nodes = (dragon("a", "p"), dragon("b", "p"))
    assert order(*nodes, placed="b", task="ingest") == ["b"]
    assert order(*nodes, placed="a", pinned="b", task="ingest") == ["b"]
    assert order(*nodes, placed="b") == ["b", "a"]


def test_nobody_is_overloaded_and_room_in_the_lake_decides_the_share() -> None:
    """The hash is fixed, so the counts are the same in every run."""
    projects = [f"project-{i}" for i in range(4_000)]
    equal = [dragon(f"d{i}") for i in range(8)]
    counts = Counter(first(equal, project) for project in projects)
    assert max(counts.values()) < 1.2 * 500 and min(counts.values()) > 0.8 * 500
    twice = [*equal[:3], replace(equal[3], load=NodeLoad(lake_bytes_free=3 * GIB))]
    share = Counter(first(twice, project) for project in projects)["d3"] / len(projects)
    assert 0.37 < share < 0.43  # weight 2 of 5
