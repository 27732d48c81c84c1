"""Keys that sign tickets survive a restart, change in time, and sign only once they are known."""

from __future__ import annotations

from pathlib import Path

from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.gateway.ticket_keys import ROTATED_MS, TOLD_MS, TicketKeys


class HandClock:
    now = 1_800_000_000_000

    def now_ms(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return self.now / 1000


async def test_a_restart_invalidates_nothing(tmp_path: Path) -> None:
    async with open_sqlite(tmp_path / "state.db") as engine:
        keys = TicketKeys(engine.kv, HandClock())
        await keys.refresh()
        before = keys.public()
    async with open_sqlite(tmp_path / "state.db") as engine:
        again = TicketKeys(engine.kv, HandClock())
        await again.refresh()
        assert again.public() == before
        assert len(before) == 1


async def test_a_new_key_is_told_a_minute_before_it_signs(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_sqlite(tmp_path / "state.db") as engine:
        keys = TicketKeys(engine.kv, clock)
        await keys.refresh()
        old = keys.signer().kid
        clock.now += ROTATED_MS
        await keys.refresh()
        assert len(keys.public()) == 2
        assert keys.signer().kid == old
        clock.now += TOLD_MS
        assert keys.signer().kid != old
        assert old in [key.kid for key in keys.public()]


async def test_there_are_never_more_than_two(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_sqlite(tmp_path / "state.db") as engine:
        keys = TicketKeys(engine.kv, clock)
        for _ in range(4):
            await keys.refresh()
            clock.now += ROTATED_MS
        assert len(keys.public()) == 2
