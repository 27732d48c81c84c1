"""Outputs that have been kept for long enough, in a lake."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from common.model.event import CommandFinished
from common.model.ids import EventId
from dragon_node.lake import retaining
from dragon_node.lake.lake import Lake
from tests.support.forgetting import failing
from tests.support.lake import Laptop, event, opened, ran, seen


async def test_an_old_output_goes_by_itself_and_a_replay_drops_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retaining, "LOOK_S", 0.01)
    old, new = event(ran("make", "long ago")), event(ran("make", "just now"), at_ms=1 << 47)
    broken = event(failing("boom"))
    async with opened(tmp_path) as lake:
        sent = await Laptop(lake).send(event(seen()), old, new, broken)
        async with asyncio.timeout(20):
            while await _printed(lake, old.id):
                await lake.wait_applied(sent.lsn)
        printed = [await _printed(lake, one.id) for one in (old, new, broken)]
        assert printed == ["", "just now", "1 failed"]
    monkeypatch.setattr(retaining, "LOOK_S", 3_600.0)
    shutil.rmtree(tmp_path / "not-ram")
    async with opened(tmp_path) as lake:
        assert [await _printed(lake, one.id) for one in (old, new, broken)] == printed


async def _printed(lake: Lake, event_id: EventId) -> str:
    found, _ = await lake.event(event_id)
    assert isinstance(found.body, CommandFinished)
    return found.body.output.text
