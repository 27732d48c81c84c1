"""What a newer version decided goes with the Coordinator's state to an older one; by a real file,
real keys and a real audit log."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from common.clock import SystemClock
from common.daemon.home import Home
from common.errors import Corrupt
from common.model.audit import AuditLine
from common.model.ids import NodeId
from coordinator_node import carrying
from coordinator_node.engine.ports import Job
from coordinator_node.gateway.acts import OWNER
from coordinator_node.gateway.members import Member
from coordinator_node.local import found
from coordinator_node.node import Gateway, open_gateway

CLOCK = SystemClock()
LAKE = "lead/" + "0" * 32


@pytest.fixture
async def home(tmp_path: Path) -> Home:
    """A Coordinator's, with a laptop and a tool that were let in."""
    made = Home.from_env(str(tmp_path / "home"))
    await found(made, ())
    async with gateway(made) as at:
        for name in ("laptop", "tool"):
            role = "developer" if name == "laptop" else "tool"
            await at.members.keep(Member(NodeId(name), role, False, ("pem",), 1))
        lead = {"leader": "d", "epoch": 3, "followers": ["f"], "past": []}
        await at.engine.kv.put(LAKE, json.dumps(lead).encode())
    return made


@asynccontextmanager
async def gateway(home: Home) -> AsyncGenerator[Gateway]:
    async with open_gateway(home, CLOCK) as (at, _):
        yield at


def state(home: Home) -> Path:
    return home.directory("coordinator") / "state.db"


async def since(home: Home, copy: Path) -> dict[str, object]:
    """Copies the file, then does with it what is done in three minutes; what has to be kept."""
    shutil.copy(state(home), copy)
    async with gateway(home) as at:
        await at.acts.revoke(OWNER, "tool")
        await at.members.keep(Member(NodeId("late"), "tool", False, (), 1))
        await at.acts.revoke(OWNER, "late")
        await at.acts.replace_ticket_keys(OWNER)
        await at.acts.invite(OWNER, "tool", ("127.0.0.1:1",))
        for n in range(1, 4):
            await at.engine.log.append("shared-of-test", f"id {n}", b"\x00%d" % n)
        await at.engine.log.checkpoint("shared-of-test", "reader", 2)
        await at.engine.queue.submit("of-test", Job("job", b"\xff", 3, ("a", "b")))
        (claimed,) = await at.engine.queue.claim("of-test", "w", ("a", "b"), 600.0)
        await at.engine.queue.submit("of-test", Job("waits", b""))
        lease = await at.engine.leases.acquire("seat", "me", 600)
        return {"keys": at.keys.public(), "epoch": lease.epoch, "token": claimed.token}


async def printed(path: Path) -> list[str]:
    to = io.StringIO()
    await carrying.out(path, to, CLOCK)
    return to.getvalue().splitlines()


async def test_everything_that_was_decided_since_the_copy_is_carried_over(
    home: Home, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    kept = await since(home, copy)
    rows = await printed(state(home))
    shutil.copy(copy, state(home))  # what going back does
    await carrying.carry_in(home, rows, CLOCK)
    async with gateway(home) as at:
        assert at.members.denied() == {"tool", "late"}
        assert at.keys.public() == kept["keys"]
        assert len(await at.engine.kv.entries("code/")) == 1
        lines = await at.engine.log.read("shared-of-test", 0, 9)
        assert [line.data for line in lines] == [b"\x001", b"\x002", b"\x003"]
        assert await at.engine.log.position("shared-of-test", "reader") == 2
        await at.engine.queue.ack("of-test", str(kept["token"]))
        assert [each.job.id for each in await at.engine.queue.listed("of-test")] == ["waits"]
        lease = await at.engine.leases.acquire("next", "me", 600)
        assert lease.epoch > int(str(kept["epoch"]))
        assert (await at.audit.check()).is_whole
        assert "carried over" in (await at.audit.lines())[-1].reason
    assert not list(state(home).parent.glob("*carried*"))


async def test_rows_that_are_cut_off_or_mean_nothing_change_nothing(
    home: Home, tmp_path: Path
) -> None:
    await since(home, tmp_path / "copy.db")
    rows = await printed(state(home))
    before = state(home).read_bytes()
    unknown = json.dumps({"key": ["member/x", "e30=", 0]})  # a member without anything
    for given in (rows[:-1], rows[:5], [], ["{}"], ["no json"], [unknown, json.dumps({"end": 1})]):
        with pytest.raises(Corrupt):
            await carrying.carry_in(home, given, CLOCK)
        assert state(home).read_bytes() == before
    assert not list(state(home).parent.glob("*carried*"))


async def test_where_nothing_can_be_carried_who_was_put_out_stays_out_and_no_number_comes_again(
    home: Home, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    async with gateway(home) as at:
        await at.acts.invite(OWNER, "tool", ("127.0.0.1:1",))
        old = at.keys.public()
    kept = await since(home, copy)
    shutil.copy(copy, state(home))
    assert set(await carrying.careful(home, CLOCK)) == {"tool", "late"}
    async with gateway(home) as at:
        assert at.members.denied() == {"tool", "late"}
        assert not {each.kid for each in at.keys.public()} & {each.kid for each in old}
        assert not await at.engine.kv.entries("code/"), "one of them may be spent"
        lead = await at.engine.kv.get(LAKE)
        assert lead and json.loads(lead.value) | {"past": []} == {
            "leader": "d", "epoch": 3, "followers": [], "past": []
        }  # fmt: skip
        lease = await at.engine.leases.acquire("next", "me", 600)
        assert lease.epoch > int(str(kept["epoch"])) and lead.revision > carrying.FAR
        assert (await at.audit.check()).is_whole


def test_the_log_tells_who_is_out_and_a_mesh_begun_anew_forgets_them() -> None:
    line = AuditLine("l", 1, 1, OWNER, "revoke", "a", "done", "a tool", "", "")
    gone = replace(line, subject="b", reason="a coordinator that left its machine")
    assert carrying.put_out([line, gone]) == {"a": "tool", "b": "coordinator"}
    assert carrying.put_out([replace(line, outcome="refused")]) == {}
    assert carrying.put_out([line, replace(line, action="rekey"), gone]) == {"b": "coordinator"}
