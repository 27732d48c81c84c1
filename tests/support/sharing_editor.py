"""A process to be killed: it edits what is shared, tells the Coordinator, and prints each edit,
as `pin NAME`, `setting NAME` or `line NAME`, once that is acknowledged.

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
NOTE_BYTES = 1_000
"""A process that finds no shorter note begins another: the history of a note has a limit."""


async def edit(directory: Path, prefix: str) -> None:
    """Until killed."""
    identity, clock = await NodeIdentity.open(directory), SystemClock()
    path = directory.parent / "shared.db"
    async with (
        Membership.open(identity, directory=directory.parent / "mesh") as membership,
        Replica.open(path, identity.identity.id, clock, "desk") as replica,
        alongside(Exchanging(replica, SyncClient(membership), clock).run()),
    ):
        notes = replica.items("note", PROJECT)
        note = next((each.key for each in notes if each.size < NOTE_BYTES), "")
        for n in range(1_000):
            name = f"{prefix}/{n}"
            await replica.put("pin", PROJECT, name, "")
            print(f"pin {name}", flush=True)
            await replica.put("setting", PROJECT, "answers.note", name)
            print(f"setting {name}", flush=True)
            note = await _write(replica, note, name)
            print(f"line {name}", flush=True)


async def _write(replica: Replica, key: str, line: str) -> str:
    """One more line at the end of a note; its key."""
    if not key:
        return (await replica.put("note", PROJECT, "", f"{line}\n")).key
    note = replica.item("note", PROJECT, key)
    await replica.put("note", PROJECT, key, f"{note.value}{line}\n", note.version)
    return key


if __name__ == "__main__":
    asyncio.run(edit(Path(sys.argv[1]), sys.argv[2]))
