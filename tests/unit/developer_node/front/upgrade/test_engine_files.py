"""The engine's own server in an upgrade, a real one: its files are copied whole while it stands
still, and going back leaves them as they are: it, and others, went on."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from common.clock import SystemClock
from common.daemon.home import Home
from common.daemon.ports import Ports
from coordinator_node.engine.ports import Engine
from coordinator_node.formats import formats
from coordinator_node.gateway.authority import Authority
from coordinator_node.migrating import migrate
from coordinator_node.opening import open_engine
from developer_node.front.upgrade import record, state
from developer_node.front.upgrade.stores import OUTBOX

STORE = Path("coordinator") / "engine" / "store"
CLOCK = SystemClock()


@asynccontextmanager
async def engine_of(home: Home) -> AsyncGenerator[Engine]:
    """With its server, which stands still afterwards."""
    directory = home.directory("coordinator")
    authority = Authority.open(directory / "authority", CLOCK)
    async with open_engine(directory, authority, CLOCK) as engine:
        yield engine


def files(root: Path) -> dict[str, bytes]:
    """Of the server's store, by name."""
    store = root / STORE
    return {str(p.relative_to(store)): p.read_bytes() for p in store.rglob("*") if p.is_file()}


async def test_the_engines_files_are_copied_whole_and_left_as_they_are_on_the_way_back(
    tmp_path: Path,
) -> None:
    home = Home.from_env(str(tmp_path / "home"))
    Authority.make(home.directory("coordinator") / "authority", CLOCK)
    Ports.of(home).remember("engine", 0)
    await migrate(home, "nats", CLOCK, lambda _: None, None)
    assert formats(home.root) == [], "no file of one's own that an older program might not read"
    async with engine_of(home) as engine:
        await engine.kv.put("member/a", b"let in")
        before = await engine.leases.acquire("node/a", "a", 600)
    outbox = home.root / OUTBOX
    outbox.parent.mkdir(parents=True)
    outbox.write_bytes(b"of before")

    still = files(home.root)
    assert any(name.endswith(".blk") for name in still), "a stream's messages"
    state.copy(home)
    assert files(record.directory(home) / "before") == still

    async with engine_of(home) as engine:  # under the new version
        await engine.kv.put("member/a", b"put out")
        after = await engine.leases.acquire("node/b", "b", 600)
    outbox.write_bytes(b"newer")
    went_on = files(home.root)
    assert went_on != still
    _, put = state.put_back(home, (OUTBOX,))
    assert put == (OUTBOX,) and outbox.read_bytes() == b"of before"
    assert files(home.root) == went_on

    async with engine_of(home) as engine:
        entry = await engine.kv.get("member/a")
        assert entry and entry.value == b"put out"
        later = await engine.leases.acquire("node/c", "c", 600)
        assert later.epoch > after.epoch > before.epoch

    copied = Home.from_env(str(tmp_path / "copied"))  # the copy is whole: a server starts on it
    shutil.copytree(
        record.directory(home) / "before" / "coordinator", copied.directory("coordinator"),
        dirs_exist_ok=True,
    )  # fmt: skip
    async with engine_of(copied) as engine:
        entry = await engine.kv.get("member/a")
        assert entry and entry.value == b"let in"
