"""A process to be killed: a whole lake that takes in numbered events, is snapshotted, sends its
project to sleep, is restored, and prints what is acknowledged.

python -m tests.support.lake_keeper DIRECTORY SEED
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
from pathlib import Path

from common.errors import Conflict
from common.wire.nouns import event_to_bytes
from dragon_node.lake.lake import Lake
from tests.support.lake import NODE, ORIGIN, opened
from tests.support.lake_writer import numbered

ROUNDS = 12
BATCH = 7
PROJECT = "thing"


async def _send(lake: Lake, first: int) -> int:
    made = [numbered(seq) for seq in range(first, first + BATCH)]
    records = [(first + i, event_to_bytes(event)) for i, (event, _) in enumerate(made)]
    blobs = {h: raw for _, held in made for h, raw in held.items()}
    done = await lake.accept(ORIGIN, NODE, records, blobs)
    print(f"ack {done.seq}", flush=True)
    return done.seq + 1


async def _keep(lake: Lake, dice: random.Random) -> None:
    match dice.choice(["snapshot", "snapshot", "sleep", "restore"]):
        case "sleep":
            with contextlib.suppress(Conflict):  # it is being indexed; another round finds it idle
                await lake.sleep(PROJECT)
        case "restore" if (await lake.stats()).generations:
            async for _ in lake.restore(0):
                pass
        case _:
            async for _ in lake.snapshot():
                pass


async def _run(directory: Path, seed: int) -> None:
    dice = random.Random(seed)
    async with opened(directory) as lake:
        seq = (await lake.open_origin(ORIGIN, NODE, 1, 1 << 40)).applied + 1
        print(f"ack {seq - 1}", flush=True)
        for _ in range(ROUNDS):
            seq = await _send(lake, seq)
            await _keep(lake, dice)


if __name__ == "__main__":
    asyncio.run(_run(Path(sys.argv[1]), int(sys.argv[2])))
