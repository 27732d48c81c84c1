"""A process to be killed: it sends numbered events into a lake and prints what is acknowledged.

python -m tests.support.lake_writer DIRECTORY
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from common.model.event import Event
from common.model.ids import ContentHash, EventId
from common.wire.nouns import event_to_bytes
from tests.support.lake import COPY, NODE, ORIGIN, contents, opened, ran, saved, seen

BATCH = 7
IN_FLIGHT = 3


def text_of(seq: int) -> str:
    """Content of the file that this record saves."""
    return f"def function_{seq}():\n    return {seq}\n"


def numbered(seq: int) -> tuple[Event, dict[ContentHash, bytes]]:
    """The same event for the same number, in every process."""
    text = text_of(seq)
    body = seen() if seq == 1 else saved(f"f{seq % 50}.py", text) if seq % 2 else ran(f"run {seq}")
    blobs = contents(text) if seq % 2 and seq > 1 else {}
    return Event(EventId(f"{seq:032x}"), seq, COPY, body), blobs


async def write(directory: Path) -> None:
    """Until killed."""
    async with opened(directory) as lake:
        first = (await lake.open_origin(ORIGIN, NODE, 1, 1 << 40)).applied + 1
        print(f"applied {first - 1}", flush=True)
        journalled: asyncio.Queue[tuple[int, int]] = asyncio.Queue(IN_FLIGHT)

        async def acknowledge() -> None:
            while True:
                lsn, seq = await journalled.get()
                await lake.until_applied(lsn)
                print(f"ack {seq}", flush=True)

        async def send() -> None:
            seq = first
            while True:
                made = [numbered(i) for i in range(seq, seq + BATCH)]
                records = [(seq + i, event_to_bytes(e)) for i, (e, _) in enumerate(made)]
                blobs = {h: raw for _, held in made for h, raw in held.items()}
                done = await lake.journal(ORIGIN, NODE, records, blobs)
                await journalled.put((done.lsn, done.seq))
                seq += BATCH

        async with asyncio.TaskGroup() as group:
            group.create_task(acknowledge())
            group.create_task(send())


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1])))
