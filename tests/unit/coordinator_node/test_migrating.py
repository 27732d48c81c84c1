"""A move takes everything with it, compares it, and switches only then."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from common.clock import SystemClock
from common.daemon.home import Home
from common.daemon.locks import only_instance
from common.errors import Conflict, Corrupt, Unavailable
from coordinator_node.engine.moving import JobRow
from coordinator_node.engine.nats_server import ServerSettings, program
from coordinator_node.engine.ports import Engine, Job
from coordinator_node.engine.settings import (
    EngineSettings,
    NatsSettings,
    read_settings,
    write_settings,
)
from coordinator_node.engine.sqlite.moving import SqliteMoving
from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.engine_elsewhere import prepare_elsewhere
from coordinator_node.gateway.audit import Audit
from coordinator_node.gateway.authority import Authority
from coordinator_node.inspecting import inspect, told
from coordinator_node.migrating import Move, migrate, write_down
from coordinator_node.opening import open_engine
from tests.support.nats_servers import nats_servers


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A Coordinator's, with a CA."""
    made = Home.from_env(str(tmp_path / "home"))
    Authority.make(made.directory("coordinator") / "authority", SystemClock())
    return made


def _authority(home: Home) -> Authority:
    return Authority.open(home.directory("coordinator") / "authority", SystemClock())


async def _move(home: Home, to: str) -> Move:
    return await migrate(home, to, SystemClock(), lambda _: None, None)


async def _fill(engine: Engine) -> dict[str, object]:
    """Something of everything; what a later look must find."""
    for n in range(20):
        await engine.kv.put(f"member/{n}", b"%d" % n)
    await engine.kv.remove("member/7")
    revision = await engine.kv.put("lasting", b"\x00", term_s=900)
    lease = await engine.leases.acquire("seat", "me", 600)
    for n in range(1, 6):
        await engine.log.append("acts", f"id {n}", b"%d" % n)
    await engine.log.truncate("acts", 2)
    await engine.log.checkpoint("acts", "mail", 3)
    for n in range(3):
        await engine.log.append("empty", str(n), b"")
    await engine.log.truncate("empty", 3)
    for n, priority in enumerate((0, 5, 0, 9, 1)):
        await engine.queue.submit("q", Job(f"j{n}", b"%d" % n, priority, ("t",)))
    await engine.queue.submit("q", Job("later", b"", 9), delay_s=900)
    dead, done, held = await engine.queue.claim("q", "w", ("t",), 600, limit=3)
    await engine.queue.nak("q", dead.token, reason="never", dead=True)
    await engine.queue.ack("q", done.token)
    return {"revision": revision, "lease": lease, "token": held.token, "done": done.job.id}


async def _check(engine: Engine, said: dict[str, object]) -> None:
    assert len(await engine.kv.entries("member/")) == 19
    assert await engine.kv.get("member/7") is None
    assert await engine.kv.get("lasting") is not None
    assert await engine.kv.put("new", b"") > int(str(said["revision"]))
    lease = said["lease"]
    held = await engine.leases.held("seat")
    assert held is not None
    assert (held.holder, held.epoch) == ("me", getattr(lease, "epoch", None))
    with pytest.raises(Conflict):
        await engine.leases.acquire("seat", "you", 600)
    assert (await engine.leases.acquire("other", "you", 600)).epoch > held.epoch
    lines = await engine.log.read("acts", 0, 100)
    assert [(each.seq, each.message_id, each.data) for each in lines] == [
        (n, f"id {n}", b"%d" % n) for n in (3, 4, 5)
    ]
    assert await engine.log.append("acts", "id 4", b"") == 4
    assert await engine.log.position("acts", "mail") == 3
    assert (await engine.log.last("empty"), await engine.log.read("empty", 0, 9)) == (3, ())
    assert await engine.log.append("empty", "next", b"") == 4
    listed = [(each.job.id, each.state) for each in await engine.queue.listed("q")]
    assert listed == [
        *(("later", "waiting"), ("j4", "claimed")),
        *(("j0", "waiting"), ("j2", "waiting"), ("j3", "dead")),
    ]
    assert not await engine.queue.submit("q", Job(str(said["done"]), b""))
    await engine.queue.ack("q", str(said["token"]))


async def test_a_state_moves_to_nats_and_back(home: Home) -> None:
    """Claims, terms, epochs and what was done lately come along; the old file stays."""
    directory = home.directory("coordinator")
    async with open_engine(directory, _authority(home), SystemClock()) as engine:
        assert engine.name == "sqlite"
        said = await _fill(engine)
    kept = (directory / "state.db").read_bytes()
    there = await _move(home, "nats")
    assert {part.port: part.count for part in there.parts} == {
        "kv": 20,
        "leases": 1,
        "log": 3,
        "queue": 6,
    }
    assert (directory / "state.db").read_bytes() == kept
    back = await _move(home, "sqlite")
    assert back.parts == there.parts
    assert read_settings(directory).file == "state.db.1"
    async with open_engine(directory, _authority(home), SystemClock()) as engine:
        assert engine.name == "sqlite"
        await _check(engine, said)
    await _move(home, "nats")
    async with open_engine(directory, _authority(home), SystemClock()) as engine:
        assert engine.name == "nats"
        await engine.kv.put("after", b"")


async def test_a_move_is_in_the_audit_log(home: Home) -> None:
    clock = SystemClock()
    await write_down(home, Move("sqlite", "nats", ()), clock)
    directory = home.directory("coordinator")
    async with open_engine(directory, _authority(home), clock) as engine:
        (line,) = await Audit(directory, engine.kv, clock).lines()
    assert (line.who, line.action, line.subject) == ("owner", "migrate", "sqlite to nats")


async def test_what_moved_to_nats_works_there(home: Home) -> None:
    directory = home.directory("coordinator")
    async with open_engine(directory, _authority(home), SystemClock()) as engine:
        said = await _fill(engine)
    await _move(home, "nats")
    async with open_engine(directory, _authority(home), SystemClock(), serves=True) as engine:
        assert engine.name == "nats"
        await _check(engine, said)


async def test_nothing_moves_while_somebody_has_the_state_open(home: Home) -> None:
    directory = home.directory("coordinator")
    with (
        only_instance(home.lock_path("coordinator"), "coordinator"),
        pytest.raises(Conflict, match="runs already"),
    ):
        await _move(home, "nats")
    async with open_engine(directory, _authority(home), SystemClock()):
        with pytest.raises(Conflict, match="has the Coordinator's state open"):
            await _move(home, "nats")
    assert read_settings(directory).engine == "sqlite"


async def test_nobody_opens_the_state_while_it_moves(home: Home) -> None:
    """What was written to the old place after it was read would be lost."""
    directory = home.directory("coordinator")
    authority, refused = _authority(home), asyncio.Event()
    async with open_engine(directory, authority, SystemClock()) as engine:
        await engine.kv.put("a", b"")
    tries: list[asyncio.Task[None]] = []

    async def attempt() -> None:
        try:
            async with open_engine(directory, authority, SystemClock()):
                pass
        except Unavailable:
            refused.set()

    def said(_: str) -> None:
        tries.append(asyncio.create_task(attempt()))

    await migrate(home, "nats", SystemClock(), said, None)
    await asyncio.gather(*tries)
    assert refused.is_set()


async def test_a_move_that_changed_anything_is_not_switched_to(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = home.directory("coordinator")
    async with open_engine(directory, _authority(home), SystemClock()) as engine:
        await _fill(engine)
    await _move(home, "nats")
    put = SqliteMoving.put_job

    async def forgetful(self: SqliteMoving, row: JobRow) -> None:
        if row.queued.job.id != "j2":
            await put(self, row)

    with monkeypatch.context() as patched:
        patched.setattr(SqliteMoving, "put_job", forgetful)
        with pytest.raises(Corrupt, match="queue was not moved as it is"):
            await _move(home, "sqlite")
    assert read_settings(directory).engine == "nats"
    assert not list(directory.glob("state.db.*"))
    await _move(home, "sqlite")
    async with open_sqlite(directory / read_settings(directory).file) as engine:
        assert len(await engine.queue.listed("q")) == 5


@pytest.mark.timeout(300)
async def test_a_state_moves_to_three_servers_and_works_with_two(home: Home) -> None:
    """Each copy is whole; the servers were not started by the Coordinator."""
    directory = home.directory("coordinator")
    async with open_engine(directory, _authority(home), SystemClock()) as engine:
        said = await _fill(engine)
    with nats_servers(directory, 3) as servers:
        await servers.space()  # all of them have met
        there = NatsSettings("new", servers.urls, 3)
        await migrate(home, "nats", SystemClock(), lambda _: None, there)
        looked = await inspect(home, SystemClock())
        assert (looked["quorum"], looked["error"]) == (True, None)
        assert looked["copies"]["wanted"] == 3
        assert [each["answers"] for each in looked["members"]] == [True, True, True]
        servers.kill(int(looked["leader"][1:]))
        async with open_engine(directory, _authority(home), SystemClock()) as engine:
            await _check(engine, said)


async def test_without_most_servers_the_engine_says_who_answers(home: Home) -> None:
    directory = home.directory("coordinator")
    nowhere = NatsSettings("s", ("tls://127.0.0.1:1",), 3, str(directory / "tls"))
    write_settings(directory, EngineSettings("nats", nats=nowhere))
    looked = await inspect(home, SystemClock())
    assert looked["quorum"] is False
    assert looked["holds"] is None
    assert [each["answers"] for each in looked["members"]] == [False]
    assert looked["error"]
    assert "quorum   no: nothing can be written" in told(looked)


async def test_a_server_for_another_machine_can_be_started_as_it_is_written(
    home: Home, tmp_path: Path
) -> None:
    settings = ServerSettings("b", "127.0.0.1", 4222, 6222, ("127.0.0.1:6222", "127.0.0.1:6223"))
    path = prepare_elsewhere(home, tmp_path / "there", settings, SystemClock())
    words = (program(), "-t", "-c", str(path))
    checked = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE)
    _, said = await checked.communicate()
    assert checked.returncode == 0, said
    assert (tmp_path / "there" / "tls" / "key.pem").stat().st_mode & 0o077 == 0
