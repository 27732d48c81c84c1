"""The RAM disk is searched too, as a file system of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.daemon.keys import sealing_key
from common.model.lake import Oblivion
from dragon_node.failures.memory import FailureMemory
from dragon_node.lake.ramdisk import BackEnd
from tests.support.forgetting import SECRET, forget, innocents, places_of, plant
from tests.support.lake import Laptop, opened
from tests.support.ramdisks import bench

ROOM = 64 << 20


@pytest.mark.parametrize("kind", ["tmpfs", "shm"])
async def test_nothing_is_left_on_a_real_one(kind: BackEnd, tmp_path: Path) -> None:
    with bench(kind, tmp_path) as made:
        ram = made.allocated(ROOM)
        try:
            async with opened(
                made.home, ram=ram, appliers=(FailureMemory(),), budget_bytes=ROOM
            ) as lake:
                laptop = Laptop(lake)
                await plant(laptop)
                await innocents(laptop)
                everywhere = (made.home, ram.path)
                key = sealing_key(made.home)
                assert places_of(SECRET, *everywhere, key=key)
                (*_, last) = await forget(lake, Oblivion(text=SECRET))
                assert last.ok, last.sentence
                assert places_of(SECRET, *everywhere, key=key) == []
        finally:
            ram.detach()
