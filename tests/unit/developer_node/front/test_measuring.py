"""A figure is measured, or it is said why not."""

from __future__ import annotations

import os
from pathlib import Path

from common.daemon.home import Home
from common.errors import Unavailable
from developer_node.front.local_client import LocalClient
from developer_node.front.measuring import TIMES, Figure, measure
from tests.support.local_api import Script, serve


async def measured(script: Script, tmp_path: Path) -> list[Figure]:
    home = Home.from_env(str(tmp_path / "home"))
    async with (
        serve(home.root, script, os.getpid()),
        await LocalClient.connect(home) as client,
    ):
        return [each async for each in measure(client, lambda _: None)]


async def test_each_call_is_made_so_often_and_none_pays_for_the_first(tmp_path: Path) -> None:
    script = Script()
    found = {each.name: each for each in await measured(script, tmp_path)}
    assert script.asked.count("status") == TIMES + 1
    timed = found["status"]
    assert timed.times == TIMES and timed.median is not None and timed.worst is not None
    assert 0 < timed.median <= timed.worst
    assert found["tokens"].median is None and found["tokens"].why_not


async def test_what_is_refused_is_no_number(tmp_path: Path) -> None:
    script = Script(refusal=Unavailable("the Dragon is away"))
    found = await measured(script, tmp_path)
    assert [(each.median, each.why_not) for each in found] == [(None, "the Dragon is away")] * 6
