"""The lake's numbers are those of its stats, and name nobody's project."""

from __future__ import annotations

from common.model.ids import ProjectId
from common.model.lake import LakeStats, ProjectStats, StoreStats
from dragon_node.lake_numbers import lake_numbers

STATS = LakeStats(
    bytes=30,
    budget_bytes=100,
    ram=True,
    back_end="tmpfs",
    path="/l",
    lsn=7,
    journal_bytes=9,
    stores=(StoreStats("projects", 20), StoreStats("words", 10)),
    kept=(ProjectStats(ProjectId("p"), "secret-project", "asleep"),),
)


def test_the_stores_add_up_to_the_whole() -> None:
    numbers = list(lake_numbers(STATS))
    parts = [n.value for n in numbers if n.name == "lake_store_bytes"]
    [whole] = [n.value for n in numbers if n.name == "lake_bytes"]
    assert sum(parts) == whole


def test_no_project_is_named() -> None:
    said = repr(list(lake_numbers(STATS)))
    assert "secret-project" not in said
    assert "{'state': 'asleep'}" in said
