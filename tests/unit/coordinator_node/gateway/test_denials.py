"""Refusals are written down, and whoever is refused without end does not fill the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from common.errors import Denied, Invalid
from common.model.audit import AuditLine
from common.model.ids import NodeId
from common.model.node import Identity
from common.rpc import policy
from common.rpc.certificates import Leaf
from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.gateway.audit import FILE_BYTES_MAX, FILES_MAX, NAME, Audit
from coordinator_node.gateway.audit_chain import Act
from coordinator_node.gateway.denials import (
    COUNTED_S,
    EACH_MAX,
    HOUR_S,
    MEMBERS_MAX,
    NO_METHOD,
    STRANGERS_MAX,
    Denials,
)

METHOD = "/postdevai.v1.RegistryService/Resolve"


class HandClock:
    now_s = 1_800_000_000.0

    def now_ms(self) -> int:
        return int(self.now_s * 1000)

    def monotonic(self) -> float:
        return self.now_s


def of(node: str) -> Leaf:
    """What a tool shows."""
    return Leaf(Identity("m" * 32, "tool", NodeId(node)), 0, 1 << 60)


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
        for i in range(5):
            here.refuse(f"no, for the {i}th time")  # in whatever words
            assert len(await here.written()) == 1
        here.clock.now_s += HOUR_S
        here.refuse("no, for the last time")
        said = [each.reason for each in await here.written() if each.who != "coordinator"]
        assert said == ["no, for the 0th time", "no, for the last time"]


async def test_a_caller_that_invents_methods_leaves_few_lines_and_every_act_is_there(
    tmp_path: Path,
) -> None:
    """For a day, ten a second; the log keeps so many bytes, of acts and of refusals."""
    async with desk(tmp_path) as here:
        leaf = of("1" * 16)
        for i in range(24):
            await here.audit.append(Act("owner", "invite", f"tool {i}"))
            for each in range(1_000):
                method = f"/postdevai.v1.X/{each}{i}"
                here.denials.note(method, leaf, "10.0.0.1", Denied(f"tool may not call {method}"))
            here.clock.now_s += HOUR_S
            await here.denials.write()
        lines = await here.audit.lines()
        assert len([each for each in lines if each.action == "invite"]) == 24
        refused = [each for each in lines if each.outcome == "refused"]
        assert len(refused) == 48  # each hour one in full, and one that counts the others
        assert {each.subject for each in refused} == {NO_METHOD, ""}
        assert refused[1].reason.startswith("999 more")
        assert leaf.identity.uri in refused[1].reason
        assert (await here.audit.check()).is_whole


async def test_a_caller_has_its_own_lines_and_takes_none_from_another(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        for method in sorted(policy.methods())[: EACH_MAX * 2]:
            here.denials.note(method, of("1" * 16), "10.0.0.1", Denied("no"))
        for i in range(STRANGERS_MAX * 2):
            here.denials.note(METHOD, None, f"10.0.1.{i}", Denied("no"))
        here.denials.note(METHOD, of("2" * 16), "10.0.0.2", Denied("no"))
        by = Counter(each.who for each in await here.written())
        assert by.pop(of("1" * 16).identity.uri) == EACH_MAX
        assert by.pop(of("2" * 16).identity.uri) == 1
        assert by.total() == STRANGERS_MAX


async def test_all_callers_together_have_so_many_lines_and_the_others_are_counted_once(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as here:
        for i in range(MEMBERS_MAX + 7):
            here.denials.note(METHOD, of(f"{i:016x}"), "10.0.0.1", Denied("no"))
        assert len(await here.written()) == MEMBERS_MAX
        here.clock.now_s += COUNTED_S
        assert (await here.written())[-1].reason.startswith("7 more")
        here.clock.now_s += COUNTED_S
        assert len(await here.written()) == MEMBERS_MAX + 1  # nothing is counted twice


async def test_the_log_goes_back_31_days_whatever_is_refused(tmp_path: Path) -> None:
    """What docs/security.md states: with the longest lines, in every hour of every day."""
    async with desk(tmp_path) as here:
        methods = sorted(policy.methods(), key=len)[-EACH_MAX:]
        for _ in range(2):
            for i in range(MEMBERS_MAX):
                for method in methods:
                    here.denials.note(method, of(f"{i:016x}"), "", Denied('"' * 1000))
                    here.denials.note(method, None, f"{i:02}" + ":ffff" * 7, Denied("\n" * 1000))
            for _ in range(6):
                await here.denials.write()
                here.denials.note(METHOD, of("0" * 16), "", Denied("no"))
                here.clock.now_s += COUNTED_S
        kept_bytes = (tmp_path / NAME).stat().st_size / 2
        assert kept_bytes * 24 * 31 < FILE_BYTES_MAX * FILES_MAX
