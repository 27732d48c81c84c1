"""A process to be killed: it fills a mirror from a Dragon and prints what it holds.

python -m tests.support.mirror_filler NEAR.DB ADDRESS
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import cast

import grpc

from common.clients.assistant import AssistantClient
from common.model.node import Route
from common.rpc.channel import Channels
from common.rpc.routed import Routed
from developer_node.near.follow import follow_memory
from developer_node.near.mirror import Mirror
from tests.support.served import OneChannel


async def fill(path: Path, address: str) -> None:
    """Until killed."""

    async def resolve(*, fresh: bool) -> tuple[Route, ...]:
        return (Route(address, "spiffe://m/dragon/1", "ticket", 0),)

    async with grpc.aio.insecure_channel(address) as channel, Mirror.open(path) as mirror:
        routed = Routed("the Dragon", resolve, cast(Channels, OneChannel(channel)))
        task = asyncio.create_task(follow_memory(AssistantClient(routed), mirror))
        said = ""
        while not task.done():
            now = mirror.status()
            _, request = await mirror.request()
            line = f"{now.symptoms} {now.events} {request.cursor}"
            if line != said:
                print(line, flush=True)
                said = line
            await asyncio.sleep(0.001)
        await task


if __name__ == "__main__":
    asyncio.run(fill(Path(sys.argv[1]), sys.argv[2]))
