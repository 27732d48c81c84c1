"""Looks at the sealing keys of the mesh now and then, and signs what may be signed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from common.clients.sealing import SealingClient
from common.clock import Clock
from common.errors import Missing, PostDevAIError
from common.model.node import Invitation, Node, Role, id_in
from common.rpc.credentials import NodeIdentity
from common.rpc.sealed.statement import fingerprint as fingerprint_of
from developer_node.owner.deciding import Decision, Told
from developer_node.owner.owner import Owner

log = logging.getLogger(__name__)

T = TypeVar("T")
LOOK_S = 5.0


class Asks(Protocol):
    """Whoever reaches a Coordinator."""

    connected: bool
    sentence: str
    put_out: str

    async def ask_coordinator(
        self, fn: Callable[[Any], Awaitable[T]], *, idempotent: bool = True
    ) -> T: ...
    async def invite(self, role: Role) -> Invitation: ...
    async def nodes(self) -> tuple[Node, ...]: ...


async def open_signing(
    home: Path, directory: Path, identity: NodeIdentity, mesh: Asks, clock: Clock
) -> Signing:
    """The owner's key as it is here; made where the mesh was founded on this machine."""
    owner = await asyncio.to_thread(Owner, directory, identity.directory, identity.identity, clock)
    if owner.public is None and (home / "coordinator").is_dir():
        await asyncio.to_thread(owner.init)
    return Signing(owner, mesh)


class Signing:
    """The owner's key at work. It also adds the owner's part to codes."""

    def __init__(self, owner: Owner, mesh: Asks) -> None:
        self.owner = owner
        self._mesh = mesh
        self._said: dict[str, str] = {}

    @property
    def connected(self) -> bool:
        """Whether a Coordinator is there."""
        return self._mesh.connected

    @property
    def sentence(self) -> str:
        """Why none is."""
        return self._mesh.sentence

    @property
    def put_out(self) -> str:
        """Why this laptop is in its mesh no longer; empty while it is."""
        return self._mesh.put_out

    async def nodes(self) -> tuple[Node, ...]:
        """Every node that is or was there."""
        return await self._mesh.nodes()

    async def invite(self, role: Role) -> Invitation:
        """A code; for a node of ours with the owner's part, which the Coordinator never sees."""
        given = await self._mesh.invite(role)
        if role == "tool":
            return given
        code = await asyncio.to_thread(self.owner.added_to, given.code)
        return Invitation(code, given.expires_ms)

    async def run(self) -> None:
        """Until cancelled. What fails is tried again at the next look."""
        while True:
            if self.owner.signs and self._mesh.connected:
                try:
                    await self.look()
                except PostDevAIError as error:
                    log.info("sealing keys were not looked at: %s", error.message)
            await asyncio.sleep(LOOK_S)

    async def look(self) -> tuple[Decision, ...]:
        """Every key, and what became of it; signs those that need no person."""
        found: list[Decision] = []
        for decision in await self.decisions():
            if decision.standing == "sign" and self.owner.signs:
                await self._sign(decision)
                log.info("signed the sealing key of %s: %s", decision.node, decision.reason)
            elif decision.standing == "waits":
                self._say(decision)
            found.append(decision)
        return tuple(found)

    async def decisions(self) -> tuple[Decision, ...]:
        """Every key that a node told, and what would become of it."""
        told = await self._mesh.ask_coordinator(lambda channel: SealingClient(channel).keys())
        return tuple([await asyncio.to_thread(self.owner.decide, Told(*each)) for each in told])

    async def sign_by_hand(self, node: str, fingerprint: str) -> Decision:
        """Signs the key whose fingerprint a person has compared; Missing when there is none."""
        for decision in await self.decisions():
            if id_in(decision.node) != node or not decision.key:
                continue
            if (
                fingerprint_of(decision.key).replace(" ", "")
                != fingerprint.replace(" ", "").lower()
            ):
                raise Missing(
                    f"node {node} has another sealing key: {fingerprint_of(decision.key)}",
                    hint="compare it with what that machine itself shows",
                )
            await self._sign(decision)
            return decision
        raise Missing(f"no node {node} with a sealing key is there", hint="see: postdevai owner")

    async def _sign(self, decision: Decision) -> None:
        statement = await asyncio.to_thread(self.owner.sign, decision)
        await self._mesh.ask_coordinator(
            lambda channel: SealingClient(channel).keep(decision.node, statement)
        )

    def _say(self, decision: Decision) -> None:
        if self._said.get(decision.node) != decision.reason:
            self._said[decision.node] = decision.reason
            log.warning("the sealing key of %s is not signed: %s", decision.node, decision.reason)
