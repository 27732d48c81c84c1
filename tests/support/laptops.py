"""Laptops of one owner as far as they share: replicas on disk, and a real Coordinator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from common.clients.membership import Membership
from common.clients.sync import SyncClient
from common.clock import Clock
from common.errors import Unavailable
from common.model.shared import ItemKind
from common.rpc.credentials import NodeIdentity
from developer_node.shared.exchanging import Exchanging
from developer_node.shared.replica import Replica
from tests.support.small_mesh import ShiftedClock, SmallMesh, open_member

WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class SharingLaptop:
    """One of them; nothing is exchanged but by `exchange`."""

    replica: Replica
    sync: SyncClient
    exchanging: Exchanging
    clock: ShiftedClock
    membership: Membership

    async def exchange(self) -> None:
        """Both ways, to the end; again while the Coordinator has only just come back."""
        async with asyncio.timeout(WAIT_S):
            while True:
                try:
                    return await self.exchanging.exchange()
                except Unavailable:
                    await asyncio.sleep(0.05)

    def values(self, kind: ItemKind = "setting") -> dict[str, str]:
        """What holds, of all projects."""
        return {i.key: i.value for i in self.replica.items(kind, every=True) if not i.removed}


@asynccontextmanager
async def open_laptop(
    mesh: SmallMesh, name: str, clock: ShiftedClock | None = None
) -> AsyncGenerator[SharingLaptop]:
    """Enrols the first time, and finds its replica again afterwards."""
    clock = clock or ShiftedClock()
    directory = mesh.directory(name)
    enrolled = (directory / "leaf.pem").exists()
    identity = await (NodeIdentity.open(directory) if enrolled else mesh.join("developer", name))
    async with (
        open_member(identity, directory) as membership,
        open_replica(mesh, name, identity, clock) as replica,
    ):
        sync = SyncClient(membership)
        yield SharingLaptop(replica, sync, Exchanging(replica, sync, clock), clock, membership)


@asynccontextmanager
async def open_replica(
    mesh: SmallMesh, name: str, identity: NodeIdentity, clock: Clock
) -> AsyncGenerator[Replica]:
    """The replica alone, as on a laptop that is offline."""
    path = mesh.directory(name).parent / "shared.db"
    async with Replica.open(path, identity.identity.id, clock, name) as replica:
        yield replica
