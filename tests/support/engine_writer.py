"""Writes through all four ports of an engine and says a line for what was acknowledged.

python -m tests.support.engine_writer PATH ROUND    endlessly, to a SQLite file
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from common.errors import Conflict
from coordinator_node.engine.ports import Engine, Job
from coordinator_node.engine.sqlite_engine import open_sqlite

LOG, QUEUE = "history", "work"
VISIBLE_S = 600.0
"""Longer than any election, so that no claim ends by itself."""
SEAT = "the-seat"
SEAT_S = 0.05
"""Of a writer to a file: over before the next one has started."""
Say = Callable[[dict[str, Any]], None]


async def write(engine: Engine, who: str, number: int, say: Say) -> None:
    """One turn: a key, a line, a lease, and a job that is submitted, claimed and ended."""
    name = f"{who}/{number}"
    revision = await engine.kv.put(name, name.encode(), expected=0)
    say({"did": "put", "key": name, "revision": revision})
    seq = await engine.log.append(LOG, name, name.encode())
    say({"did": "append", "id": name, "seq": seq})
    lease = await engine.leases.acquire(f"seat of {who}".replace(" ", "-"), who, 60)
    say({"did": "lease", "name": lease.name, "epoch": lease.epoch})
    await engine.queue.submit(QUEUE, Job(name, name.encode()))
    say({"did": "submit", "job": name})
    for claimed in await engine.queue.claim(QUEUE, who, (), VISIBLE_S, limit=2):
        await engine.queue.ack(QUEUE, claimed.token)
        say({"did": "ack", "job": claimed.job.id})


async def sit(engine: Engine, who: str, term_s: float, say: Say) -> None:
    """On a seat that every writer wants."""
    with contextlib.suppress(Conflict):
        lease = await engine.leases.acquire(SEAT, who, term_s)
        say({"did": "sit", "who": who, "epoch": lease.epoch})


@dataclass(slots=True)
class History:
    """What was acknowledged, and whether an engine still has all of it."""

    said: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def did(self, what: str) -> list[dict[str, Any]]:
        """The lines of one kind."""
        return [line for line in self.said if line["did"] == what]

    async def check(self, engine: Engine) -> None:
        """No acknowledged write is lost, none was applied twice, epochs only rose."""
        kept = {entry.key: entry for entry in await engine.kv.entries("")}
        for line in self.did("put"):
            assert kept[line["key"]].value == line["key"].encode(), line
            assert kept[line["key"]].revision == line["revision"], line
        lines = await engine.log.read(LOG, 0, 1_000_000)
        assert [each.seq for each in lines] == list(range(1, len(lines) + 1))
        seqs = {each.message_id: each.seq for each in lines}
        assert len(seqs) == len(lines), "an id was appended twice"
        assert {line["id"]: line["seq"] for line in self.did("append")}.items() <= seqs.items()
        for name in {line["name"] for line in self.did("lease")}:
            epochs = [line["epoch"] for line in self.did("lease") if line["name"] == name]
            assert epochs == sorted(set(epochs)), name
        sat: dict[int, str] = {}
        for line in self.did("sit"):
            assert sat.setdefault(line["epoch"], line["who"]) == line["who"], f"two sat: {line}"
        ended = [line["job"] for line in self.did("ack")]
        assert len(ended) == len(set(ended)), "a job was ended twice"
        waiting = {each.job.id for each in await engine.queue.listed(QUEUE)}
        assert not waiting & set(ended)
        for line in self.did("submit"):
            gone = line["job"] not in waiting
            assert not gone or not await engine.queue.submit(QUEUE, Job(line["job"], b"")), line


async def main(path: Path, who: str) -> None:
    """Until it is killed."""

    def say(line: dict[str, Any]) -> None:
        print(json.dumps(line), flush=True)

    async with open_sqlite(path) as engine:
        for number in count():
            await write(engine, who, number, say)
            await sit(engine, who, SEAT_S, say)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
