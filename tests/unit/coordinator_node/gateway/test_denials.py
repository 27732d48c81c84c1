"""Refusals are written down, and whoever is refused without end does not fill the log."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from common.errors import Denied, Invalid
from common.model.audit import AuditLine
from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.gateway.audit import Audit
from coordinator_node.gateway.denials import AGAIN_S, COUNTED_S, FULL_MAX, Denials

METHOD = "/postdevai.v1.RegistryService/Resolve"


class HandClock:
    now_s = 1_800_000_000.0

    def now_ms(self) -> int:
        return int(self.now_s * 1000)

    def monotonic(self) -> float:
        return self.now_s


class Desk:
    def __init__(self, audit: Audit, clock: HandClock) -> None:
        self.clock = clock
        self.audit = audit
        self.denials = Denials(audit, clock)

    def refuse(self, why: str = "no") -> None:
        self.denials.note(METHOD, None, "10.0.0.1", Denied(why))

    async def written(self) -> tuple[AuditLine, ...]:
        await self.denials.write()
        return await self.audit.lines()


@asynccontextmanager
async def desk(root: Path) -> AsyncGenerator[Desk]:
    clock = HandClock()
    async with open_sqlite(root / "state.db") as engine:
        yield Desk(Audit(root, engine.kv, clock), clock)


async def test_a_refusal_says_who_called_what_and_why_not(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        here.refuse("not welcome")
        (line,) = await here.written()
        assert (line.who, line.subject, line.reason) == (
            "10.0.0.1",
            "RegistryService/Resolve",
            "not welcome",
        )
        assert (line.action, line.outcome) == ("call", "refused")


async def test_a_malformed_request_is_no_refusal_of_its_caller(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        here.denials.note(METHOD, None, "10.0.0.1", Invalid("k must be positive"))
        assert await here.written() == ()


async def test_the_same_refusal_is_written_once_an_hour(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        for _ in range(5):
            here.refuse()
            assert len(await here.written()) == 1
        here.clock.now_s += AGAIN_S
        here.refuse()
        assert [each.reason for each in await here.written()][-2:] != ["no", "no"]
        assert [each.reason for each in await here.audit.lines()].count("no") == 2


async def test_more_than_a_few_at_once_are_counted(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        for i in range(FULL_MAX + 7):
            here.refuse(f"reason {i}")
        assert len(await here.written()) == FULL_MAX
        here.clock.now_s += COUNTED_S
        assert (await here.written())[-1].reason.startswith("7 more")
        here.clock.now_s += COUNTED_S
        assert len(await here.written()) == FULL_MAX + 1  # nothing is counted twice
