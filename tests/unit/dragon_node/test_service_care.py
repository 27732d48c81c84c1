"""The care of the lake on the wire: what is malformed names its field, steps come as told."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast

import pytest

from common.errors import Invalid
from common.model.lake import LakeStep, RelatedQuery
from common.pb.postdevai.v1 import lake_service_pb2 as pb
from dragon_node.service_care import Context, LakeCare
from tests.support.lake import opened

CONTEXT = cast(Context, None)
TOLD = (LakeStep("copy", 1, 2, "memory"), LakeStep("done", 2, 2, "whole", ended=True))


class Told:
    """A lake whose work is two steps; `ended` says that it was closed."""

    def __init__(self) -> None:
        self.ended = False

    async def snapshot(self) -> AsyncGenerator[LakeStep]:
        """Two steps."""
        try:
            for step in TOLD:
                yield step
        finally:
            self.ended = True


async def _first(answers: Any) -> Any:
    return await anext(aiter(answers))


@pytest.mark.parametrize(
    ("method", "request_", "field"),
    [
        ("Related", pb.RelatedRequest(kind="file", id="a.py", hops=5), "hops"),
        ("Related", pb.RelatedRequest(kind="file", id="a.py", limit=1_001), "limit"),
        ("Related", pb.RelatedRequest(kind="file"), "id"),
        ("Pin", pb.PinRequest(), "project"),
        ("Sleep", pb.SleepRequest(), "project"),
        ("Alias", pb.AliasRequest(into="thing"), "project"),
    ],
)
async def test_a_malformed_question_names_its_field(
    tmp_path: Path, method: str, request_: object, field: str
) -> None:
    async with opened(tmp_path) as lake:
        with pytest.raises(Invalid) as refused:
            await getattr(LakeCare(lake), method)(request_, CONTEXT)  # pyright: ignore[reportAbstractUsage]
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("method", "request_", "field"),
    [
        ("Restore", pb.RestoreRequest(at=-1), "at"),
        ("Backup", pb.BackupRequest(to="relative", key_to="/k"), "to"),
        ("Backup", pb.BackupRequest(to="/b", key_to=""), "key_to"),
    ],
)
async def test_malformed_work_names_its_field(
    tmp_path: Path, method: str, request_: object, field: str
) -> None:
    async with opened(tmp_path) as lake:
        with pytest.raises(Invalid) as refused:
            await _first(getattr(LakeCare(lake), method)(request_, CONTEXT))  # pyright: ignore[reportAbstractUsage]
    assert refused.value.field == field


async def test_steps_come_as_they_are_told() -> None:
    care: Any = LakeCare(cast(Any, Told()))  # pyright: ignore[reportAbstractUsage]
    told = [(r.step.step, r.step.ended) async for r in care.Snapshot(pb.SnapshotRequest(), CONTEXT)]
    assert told == [("copy", False), ("done", True)]


async def test_work_ends_when_nobody_listens_any_more() -> None:
    lake = Told()
    care: Any = LakeCare(cast(Any, lake))  # pyright: ignore[reportAbstractUsage]
    steps = care.Snapshot(pb.SnapshotRequest(), CONTEXT)
    await _first(steps)
    await steps.aclose()
    assert lake.ended


async def test_relations_are_asked_with_the_usual_bounds(tmp_path: Path) -> None:
    asked: list[RelatedQuery] = []

    class Asked:
        async def related(self, q: RelatedQuery) -> Any:
            asked.append(q)
            raise Invalid("enough", field="id")

    care: Any = LakeCare(cast(Any, Asked()))  # pyright: ignore[reportAbstractUsage]
    with pytest.raises(Invalid):
        await care.Related(pb.RelatedRequest(kind="file", id="a.py"), CONTEXT)
    assert [(q.hops, q.limit) for q in asked] == [(1, 100)]
