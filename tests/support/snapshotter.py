"""A process to be killed: it says words into projects, snapshots, sleeps and wakes, makes backups
beside its directory, and prints what is acknowledged.

python -m tests.support.snapshotter DIRECTORY SEED
"""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from dragon_node.lake.recovery.backup import Backups
from dragon_node.lake.recovery.restore import restore
from dragon_node.lake.recovery.transfer import Place
from tests.support.recovery import KEY, ONE, TWO, Toy, toy

STEPS = 40


async def _step(lake: Toy, dice: random.Random, number: int) -> None:
    match dice.choices(["say", "snapshot", "sleep", "restore", "backup"], [10, 3, 2, 1, 1])[0]:
        case "say":
            project, what = dice.choice([ONE, TWO]), f"w{dice.randrange(1 << 40)}"
            print(f"try {project} {what}", flush=True)
            await lake.say(what, project)
            print(f"ack {project} {what}", flush=True)
        case "snapshot":
            await lake.snapshots.make()
        case "sleep":
            awake = [p for p in (ONE, TWO) if p in lake.shards]
            if awake:
                await lake.sleep(dice.choice(awake))
        case "backup":
            await _back_up(lake, lake.ram.parent, f"{dice.randrange(1 << 40):x}")
        case _ if lake.archive.generations.newest() is not None:
            async for _ in restore(0, lake.archive.recovery, lake.archive.shelf, lake):
                pass
        case _:
            pass


async def _back_up(lake: Toy, directory: Path, name: str) -> None:
    backups = directory.parent / "backups"
    backups.mkdir(exist_ok=True)
    place = Place(directory, KEY)
    made = Backups(place, directory / "none", lake.archive, lake.snapshots, lake.clock)
    async for _ in made.steps(backups / name, backups / f"{name}.key"):
        pass


async def _run(directory: Path, seed: int) -> None:
    dice = random.Random(seed)
    async with toy(directory, KEY) as lake:
        for name in lake.known:
            await lake.catch_up(name)
        for number in range(STEPS):
            await _step(lake, dice, number)


if __name__ == "__main__":
    asyncio.run(_run(Path(sys.argv[1]), int(sys.argv[2])))
