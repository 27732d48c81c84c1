"""A process to be killed: its projects sleep and wake, and it prints what is acknowledged.

python -m tests.support.lake_sleeper DIRECTORY
"""

from __future__ import annotations

import asyncio
import random
import sys
from contextlib import aclosing
from pathlib import Path

from common.errors import Conflict
from common.model.event import Event
from common.model.ids import ContentHash, EventId
from common.wire.nouns import event_to_bytes
from dragon_node.lake.lake import Lake
from tests.support.lake import NODE, ORIGIN, contents, opened, ran, saved, seen
from tests.support.residency import copy_of, name_of, text_of

PROJECTS = 3
ROUNDS = 12


def project_of(seq: int) -> int:
    """Which project a numbered event belongs to; each is described first."""
    return (seq - 1) % PROJECTS + 1


def numbered(seq: int) -> tuple[Event, dict[ContentHash, bytes]]:
    """The same event for the same number, in every process."""
    number = project_of(seq)
    name = name_of(number)
    described = seen(f"/home/ada/{name}", (f"github.com/ada/{name}",), (f"root{number}",))
    text = text_of(number, seq)
    body = described if seq <= PROJECTS else saved("m0.py", text) if seq % 2 else ran(f"run {seq}")
    blobs = contents(text) if body is not described and seq % 2 else {}
    return Event(EventId(f"{seq:032x}"), seq, copy_of(number), body), blobs


async def live(directory: Path) -> None:
    """A few rounds of a life, until killed."""
    dice = random.Random(1)
    async with opened(directory) as lake:
        seq = (await lake.open_origin(ORIGIN, NODE, 1, 1 << 40)).applied
        print(f"applied {seq}", flush=True)
        for number in range(ROUNDS):
            for _ in range(PROJECTS if seq < PROJECTS else 2):
                seq = await _say(lake, seq + 1)
            await _lie_down(lake, name_of(dice.randint(1, PROJECTS)))
            if number % 3 == 2:
                async with aclosing(lake.snapshot()) as steps:
                    async for _ in steps:
                        pass
            if number % 4 == 3:
                async with aclosing(lake.restore(0)) as steps:
                    async for _ in steps:
                        pass


async def _say(lake: Lake, seq: int) -> int:
    event, blobs = numbered(seq)
    await lake.accept(ORIGIN, NODE, [(seq, event_to_bytes(event))], blobs)
    print(f"ack {seq}", flush=True)
    return seq


async def _lie_down(lake: Lake, name: str) -> None:
    try:
        await lake.sleep(name)
    except Conflict:
        return  # the indexes are at work on it


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1])))
