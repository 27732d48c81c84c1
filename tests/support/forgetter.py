"""A process to be killed: it plants a secret and forgets it.

python -m tests.support.forgetter DIRECTORY plant|forget
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from common.model.lake import Oblivion
from dragon_node.failures.memory import FailureMemory
from tests.support.forgetting import SECRET, forget, innocents, plant
from tests.support.lake import Laptop, opened


async def main(directory: Path, what: str) -> None:
    """Says the ids of what has to stay, or how the forgetting ended."""
    async with opened(directory, appliers=(FailureMemory(),)) as lake:
        if what == "plant":
            laptop = Laptop(lake)
            await plant(laptop)
            kept = await innocents(laptop)
            async for _ in lake.snapshot():
                pass
            print(" ".join(event.id for event in kept.values()), flush=True)
        else:
            steps = await forget(lake, Oblivion(text=SECRET))
            print(steps[-1].ok, steps[-1].sentence, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
