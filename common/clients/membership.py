"""A node in the mesh: its lease kept, routes found, work that goes on without a Coordinator."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from grpc.aio import AioRpcError, Channel

from common.alongside import alongside
from common.backoff import Backoff
from common.clients.authority import AuthorityClient
from common.clients.registry import BEAT_S, Hello, Registration, RegistryClient, Word
from common.clients.remembered import QUESTIONS_MAX, Remembered
from common.clock import Clock, SystemClock
from common.errors import PostDevAIError, Unavailable
from common.model.ids import NodeId
from common.model.laptop import Circuit, CircuitState
from common.model.node import Capability, Invitation, Node, NodeLoad, NodeState, Role, Route
from common.rpc.channel import Channels
from common.rpc.circuit import Breaker
from common.rpc.credentials import NodeIdentity
from common.rpc.guard import Guard
from common.rpc.reaching import Reaching
from common.rpc.relayed import Relayed
from common.rpc.retry_budget import RetryBudget
from common.rpc.routed import Routed
from common.rpc.sealed import kept as sealed
from common.rpc.sealed.sessions import Sessions
from common.rpc.status import error_from_rpc
from common.rpc.tickets import TicketCheck

log = logging.getLogger(__name__)

T = TypeVar("T")

FRESH_MS = 60_000
"""A ticket that ends sooner is replaced before it is used."""
KEEP_WORD_MS = 30_000
ANNOUNCE_S = 3.0


class Membership:
    """The Register stream kept up, and what it brings. Made by `open`."""

    def __init__(
        self,
        identity: NodeIdentity,
        hello: Hello,
        load: Callable[[], NodeLoad],
        kept: Remembered,
        clock: Clock,
    ) -> None:
        self._identity = identity
        self._hello = hello
        self._load = load
        self._kept = kept
        self._clock = clock
        self._channels = Channels(identity, clock)
        self._word, self._heard_ms = kept.word()
        self._kept_ms = 0
        self._routes = kept.routes()
        self._relayed = Relayed(
            identity,
            Reaching(self._channels),
            self._coordinator_at,
            lambda: sealed.owner_key(identity.directory),
            clock,
        )
        self.sealed = Sessions(identity, lambda: sealed.sealing_key(identity.directory), clock)
        """What open_server needs to take calls that a Coordinator carries."""
        self._breakers: dict[str, Breaker] = {}
        self._budgets: dict[str, RetryBudget] = {}
        self._changed = asyncio.Event()
        self._told = asyncio.Event()
        self._turned = asyncio.Condition()
        self.state: NodeState = "serving"
        """What the heartbeats say."""
        self.connected = False
        self.sentence = "the Coordinator has not answered yet"
        """Why it is not connected; empty when it is."""
        self.guard = Guard(
            mesh=identity.identity.mesh,
            tickets=TicketCheck(
                target=identity.identity.uri,
                issuer=identity.mesh.coordinator_identity,
                clock=clock,
                keys=lambda: self._word.ticket_keys,
                away_since_ms=lambda: None if self.connected else self._heard_ms,
            ),
            denied=self._denied,
            clock=clock,
        )
        """What open_server needs to check tickets, denials and policy."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        identity: NodeIdentity,
        *,
        address: str = "",
        capabilities: tuple[Capability, ...] = (),
        load: Callable[[], NodeLoad] = NodeLoad,
        directory: Path,
        clock: Clock | None = None,
        seals: bool = False,
    ) -> AsyncGenerator[Membership]:
        """Registers, and stays registered until the block ends; also renews the certificate.

        Returns after the first attempt, whether or not the Coordinator answered. A node whose
        server needs `guard` first opens this with no address and calls `announce` afterwards.
        One that `seals` tells its key for calls that a Coordinator carries.
        """
        hello = Hello(address, capabilities, version("postdevai"), os.getpid())
        if seals:
            own = await asyncio.to_thread(sealed.offer, identity.directory, identity.identity.uri)
            hello = replace(hello, sealing_key=own.text)
        kept = await asyncio.to_thread(Remembered, directory)
        made = cls(identity, hello, load, kept, clock or SystemClock())
        try:
            async with alongside(made._keep_registered(), identity.keep_renewed()):
                await made._told.wait()
                yield made
        finally:
            await made._relayed.close()
            await made._channels.close()

    async def announce(self, address: str) -> None:
        """Says where this node serves, and waits (3 s at most) until the Coordinator knows."""
        self._hello = replace(self._hello, address=address)
        self._told.clear()
        self._changed.set()
        with suppress(TimeoutError):  # an absent Coordinator hears it when it is back
            async with asyncio.timeout(ANNOUNCE_S):
                await self._told.wait()

    async def wait_until(self, *, connected: bool) -> None:
        """Returns as soon as the Coordinator is (or is no longer) there."""
        async with self._turned:
            await self._turned.wait_for(lambda: self.connected is connected)

    async def resolve(
        self,
        capability: Capability,
        project: str = "",
        model: str = "",
        task: str = "",
        *,
        fresh: bool = False,
    ) -> tuple[Route, ...]:
        """Ranked routes, from memory while their tickets are fresh.

        Without a Coordinator: the last known routes, whatever their tickets' age. `fresh` asks
        in any case. Unavailable when there are none.
        """
        question = f"{capability} {project} {model}" + (f" {task}" if task else "")
        known = self._routes.get(question, ())
        if known and not fresh and (self._is_fresh(known) or not self.connected):
            return known
        try:
            routes = await (await self._registry()).resolve(capability, project, model, task)
        except Unavailable:
            if known and not fresh:
                return known
            raise
        await self._keep_routes(question, routes)
        return routes

    def routed(
        self,
        capability: Capability,
        project: str = "",
        model: str = "",
        *,
        task: str = "",
        only: str = "",
    ) -> Routed:
        """Calls to whoever offers the capability; with `only` to the node of that identity."""

        async def resolve(*, fresh: bool) -> tuple[Route, ...]:
            routes = await self.resolve(capability, project, model, task, fresh=fresh)
            if only and not (routes := tuple(each for each in routes if each.identity == only)):
                raise Unavailable(f"{only} does not offer {capability} now")
            return routes

        name = f"{capability}@{only.rsplit('/', 1)[-1][:8]}" if only else capability
        breaker = self._breakers.setdefault(name, Breaker(name, self._clock))
        budget = self._budgets.setdefault(name, RetryBudget())
        return Routed(name, resolve, self._channels, breaker, budget, self._relayed)

    def circuits(self) -> tuple[Circuit, ...]:
        """How the calls to each capability fare, and those to the Coordinator, by name."""
        state: CircuitState = "closed" if self.connected else "trying"
        registry = Circuit("registry", state, sentence=self.sentence)
        found = (registry, *(each.now() for each in self._breakers.values()))
        return tuple(sorted(found, key=lambda circuit: circuit.name))

    async def nodes(self) -> tuple[Node, ...]:
        """Every node that is or was there."""
        return await (await self._registry()).nodes()

    async def invite(self, role: Role) -> Invitation:
        """A code for one new node; Denied unless this node is an admin's."""
        mesh = self._identity.mesh
        channel = await self._channels.to(mesh.coordinator_address, mesh.coordinator_identity)
        return await AuthorityClient(channel).invite(role)

    async def ask_coordinator(
        self, fn: Callable[[Channel], Awaitable[T]], *, idempotent: bool = True
    ) -> T:
        """The answer of a Coordinator to one call; the seven errors, never gRPC's.

        Where there are several, an idempotent call goes on to the next after Unavailable.
        """
        mesh = self._identity.mesh
        channel = await self._channels.to(mesh.coordinator_address, mesh.coordinator_identity)
        try:
            return await fn(channel)
        except AioRpcError as error:
            raise error_from_rpc(error) from None

    async def _registry(self) -> RegistryClient:
        mesh = self._identity.mesh
        channel = await self._channels.to(mesh.coordinator_address, mesh.coordinator_identity)
        return RegistryClient(channel)

    async def _keep_registered(self) -> None:
        backoff = Backoff()
        while True:
            try:
                async with (await self._registry()).register(self._hello) as registration:
                    backoff.reset()
                    await self._beat(registration)
            except PostDevAIError as error:
                await self._lost(error)
            await asyncio.sleep(backoff.next_s())

    async def _beat(self, registration: Registration) -> None:
        said = self._hello
        await self._heard(registration.word)
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await self._changed.wait()
            self._changed.clear()
            if said is not self._hello:
                said = self._hello
                await registration.say(said)
            else:
                await registration.beat(self.state, self._load())
            await self._heard(registration.word)

    async def _heard(self, word: Word) -> None:
        changed, self._word = word != self._word, word
        self._heard_ms = self._clock.now_ms()
        if not self.connected:
            log.info("connected to the Coordinator")
            await self._turn(connected=True, sentence="")
        self._told.set()
        if changed or self._heard_ms - self._kept_ms >= KEEP_WORD_MS:
            await self._keep_word()

    async def _lost(self, error: PostDevAIError) -> None:
        was = self.connected
        await self._turn(
            connected=False, sentence=f"the Coordinator cannot be used: {error.message}"
        )
        self._told.set()
        if was:
            log.warning("lost the Coordinator: %s", error.message)
            await self._keep_word()

    async def _turn(self, *, connected: bool, sentence: str) -> None:
        async with self._turned:
            self.connected, self.sentence = connected, sentence
            self._turned.notify_all()

    async def _keep_word(self) -> None:
        self._kept_ms = self._heard_ms
        await asyncio.to_thread(self._kept.keep_word, self._word, self._heard_ms)

    async def _keep_routes(self, question: str, routes: tuple[Route, ...]) -> None:
        self._routes[question] = routes
        self._routes.move_to_end(question)
        while len(self._routes) > QUESTIONS_MAX:
            self._routes.popitem(last=False)
        await asyncio.to_thread(self._kept.keep_routes, dict(self._routes))

    def _is_fresh(self, routes: tuple[Route, ...]) -> bool:
        end_ms = min(route.ticket_expires_ms for route in routes)
        return end_ms - self._clock.now_ms() > FRESH_MS

    def _coordinator_at(self, uri: str) -> tuple[str, ...]:
        """Where the Coordinator of that name is."""
        known = (each for each in self._identity.coordinators if each.identity == uri)
        return tuple(dict.fromkeys(at for each in known for at in each.addresses))

    def _denied(self) -> frozenset[NodeId]:
        return self._word.denied
