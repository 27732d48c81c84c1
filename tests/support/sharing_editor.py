"""A process to be killed: it edits what is shared, tells the Coordinator, and prints each edit
once that is acknowledged.

python -m tests.support.sharing_editor IDENTITY_DIRECTORY PREFIX
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from common.alongside import alongside
from common.clients.membership import Membership
from common.clients.sync import SyncClient
from common.clock import SystemClock
from common.rpc.credentials import NodeIdentity
from developer_node.shared.exchanging import Exchanging
from developer_node.shared.replica import Replica

PROJECT = "github.com/ada/thing"


async def edit(directory: Path, prefix: str) -> None:
    """Until killed."""
    identity, clock = await NodeIdentity.open(directory), SystemClock()
    path = directory.parent / "shared.db"
    async with (
        Membership.open(identity, directory=directory.parent / "mesh") as membership,
        Replica.open(path, identity.identity.id, clock, "desk") as replica,
        alongside(Exchanging(replica, SyncClient(membership), clock).run()),
    ):
        for n in range(1_000):
            put = await replica.put("pin", PROJECT, f"{prefix}/{n}.py", "")
            print(put.key, flush=True)


if __name__ == "__main__":
    asyncio.run(edit(Path(sys.argv[1]), sys.argv[2]))
