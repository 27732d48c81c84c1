"""Where work goes, as people are told of it; and which project they mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import Invalid, Missing
from common.model.answer import Freshness, ProjectFreshness
from common.model.ids import NodeId, ProjectId
from common.model.lake import LakeStats, ProjectStats
from common.model.node import Node, RankedNode
from developer_node.front.local_routes import Explained
from developer_node.front.output_routes import page
from developer_node.front.projects import find_project

GOOD = Node("dragon", NodeId("d" * 16), "a:1", "serving", 3.0)
GONE = Node("dragon", NodeId("e" * 16), "b:1", "gone", -1.0)


def text(policy: str, *nodes: RankedNode, everybody: bool = False) -> list[str]:
    lines = page("project shop", Explained(policy, nodes), everybody=everybody)
    return ["".join(span.text for span in line).rstrip() for line in lines]


def test_who_was_left_out_is_named_when_asked_for_or_when_nobody_can() -> None:
    best = RankedNode(GOOD, 1, ("holds the project",))
    left = RankedNode(GONE, 0, ("holds the project", "its lease has ended"))
    said = text("project_affinity", best, left)
    assert said == [
        "project shop goes to the Dragon that has it.",
        "  1  dragon       dddddddddddd  a:1  holds the project",
    ]
    left_out = "  -  dragon       eeeeeeeeeeee  b:1  holds the project, its lease has ended"
    assert text("project_affinity", best, left, everybody=True) == [*said, left_out]
    assert text("project_affinity", left)[1:] == ["No node can take it now.", left_out]


def test_a_place_that_only_a_hash_names_is_not_called_the_one_that_has_it() -> None:
    (said, _) = text("project_affinity", RankedNode(GOOD, 1, ("by hash, weight 1",)))
    assert said.endswith("that a hash names, because none says that it has it.")


def test_a_project_is_found_by_id_by_name_and_by_the_path_of_its_repository(
    tmp_path: Path,
) -> None:
    kept = (
        ProjectStats(ProjectId("a" * 16), "shop", "awake"),
        ProjectStats(ProjectId("b" * 16), "twin", "awake"),
        ProjectStats(ProjectId("c" * 16), "twin", "asleep"),
    )
    fresh = Freshness((ProjectFreshness("shop", str(tmp_path)),))
    stats = LakeStats(1, 2, True, "tmpfs", "/l", 1, 1, kept=kept, freshness=fresh)
    assert {find_project(said, stats).id for said in ("a" * 16, "shop", str(tmp_path))} == {
        "a" * 16
    }
    with pytest.raises(Invalid, match=r"2 projects are named twin: b+, c+"):
        find_project("twin", stats)
    with pytest.raises(Missing, match="no project is known as nothing"):
        find_project("nothing", stats)
