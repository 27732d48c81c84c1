"""A node in the mesh: its lease kept, routes found, work that goes on without a Coordinator."""

from __future__ import annotations

import asyncio
import logging
import os
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from grpc.aio import Channel

from common.alongside import alongside
from common.clients.authority import AuthorityClient
from common.clients.coordinators import Coordinators, Finder
from common.clients.discovery import finder_for
from common.clients.known_routes import KnownRoutes, question_of
from common.clients.last_word import LastWord
from common.clients.mesh_time import MeshTime
from common.clients.registering import Ears, Registering
from common.clients.registry import Hello, RegistryClient, Word
from common.clients.remembered import Remembered
from common.clients.replica import successor
from common.clients.successors import Successors
from common.clock import Clock, SystemClock
from common.daemon.addresses import machine_name
from common.errors import Conflict, Denied, PostDevAIError, Unavailable
from common.model.laptop import Circuit, CircuitState
from common.model.node import (
    NO_ROUTE,
    Capability,
    Invitation,
    Node,
    NodeLoad,
    NodeOffer,
    NodeState,
    Role,
    Route,
)
from common.rpc.channel import Channels
from common.rpc.circuit import Breaker
from common.rpc.credentials import NodeIdentity
from common.rpc.guard import PUT_OUT, Guard
from common.rpc.reaching import Reaching
from common.rpc.relayed import Relayed
from common.rpc.retry_budget import RetryBudget
from common.rpc.routed import Routed
from common.rpc.sealed import kept as sealed
from common.rpc.sealed.sessions import Sessions
from common.rpc.tickets import TicketCheck

log = logging.getLogger(__name__)

T = TypeVar("T")

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
        finder: Finder | None = None,
    ) -> None:
        self._identity = identity
        self._clock = clock
        self._time = MeshTime(clock, lambda: self.connected)
        self._channels = Channels(identity, clock)
        self._coordinators = Coordinators(identity, self._channels, finder)
        ears = Ears(self._heard, self._lost, self._stand_back)
        self._registering = Registering(identity, self._coordinators, hello, load, clock, ears)
        self._word = LastWord(kept)
        self._routes = KnownRoutes(kept, clock)
        self._relayed = Relayed(
            identity,
            Reaching(self._channels),
            self._coordinator_at,
            lambda: sealed.owner_key(identity.directory),
            clock,
        )
        self.sealed = Sessions(identity, lambda: sealed.sealing_key(identity.directory), clock)
        """What open_server needs to take calls that a Coordinator carries."""
        self._successors = Successors(
            lambda node: self.ask_coordinator(lambda channel: successor(channel, node))
        )
        self._breakers: dict[str, Breaker] = {}
        self._budgets: dict[str, RetryBudget] = {}
        self._told = asyncio.Event()
        self._turned = asyncio.Condition()
        self._displaced = asyncio.Event()
        self.displaced = ""
        """Why this process acts as the node no longer; empty while it does."""
        self.put_out = ""
        """Why this node is in the mesh no longer: its owner put it out; empty while it is."""
        self.connected = False
        self.sentence = "the Coordinator has not answered yet"
        """Why it is not connected; empty when it is."""
        self.guard = Guard(
            mesh=identity.identity.mesh,
            tickets=TicketCheck(
                target=identity.identity.uri,
                issuer=identity.mesh.coordinator_identity,
                clock=self._time,
                keys=lambda: self._word.said.ticket_keys,
                away_since_ms=lambda: None if self.connected else self._word.heard_ms,
            ),
            denied=lambda: self._word.said.denied,
            rules=self._word.rules,
            clock=clock,
            stands_back=lambda: self.displaced,
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
        finder: Finder | None = None,
    ) -> AsyncGenerator[Membership]:
        """Registers, and stays registered until the block ends; also renews the certificate.

        Returns after the first attempt, whether or not the Coordinator answered. A node whose
        server needs `guard` first opens this with no address and calls `announce` afterwards.
        One that `seals` tells its key for calls that a Coordinator carries.
        """
        hello = Hello(
            address,
            capabilities,
            version("postdevai"),
            os.getpid(),
            machine=machine_name(),
            process=uuid.uuid4().hex,
        )
        if seals:
            own = await asyncio.to_thread(sealed.offer, identity.directory, identity.identity.uri)
            hello = replace(hello, sealing_key=own.text)
        kept = await asyncio.to_thread(Remembered, directory)
        made = cls(
            identity, hello, load, kept, clock or SystemClock(), finder or finder_for(identity)
        )
        try:
            async with alongside(made._registering.run(), identity.keep_renewed()):
                await made._told.wait()
                yield made
        finally:
            await made._relayed.close()
            await made._channels.close()

    @property
    def state(self) -> NodeState:
        """What the heartbeats say."""
        return self._registering.state

    @state.setter
    def state(self, state: NodeState) -> None:
        self._registering.state = state

    @property
    def mesh(self) -> str:
        """The mesh's name."""
        return self._identity.identity.mesh

    @property
    def epoch(self) -> int:
        """Under which this node holds its lease; 0 before it was welcomed."""
        return self._registering.epoch

    def serve(self, capabilities: tuple[Capability, ...]) -> None:
        """What this node offers to others from now on."""
        self._registering.serve(capabilities)

    def offer(self, offer: NodeOffer) -> None:
        """What this node holds from now on."""
        self._registering.offer(offer)

    async def while_seated(self, work: Coroutine[object, object, object]) -> None:
        """Runs the work, and cancels it when another process takes this node's seat."""
        task = asyncio.ensure_future(work)
        taken = asyncio.ensure_future(self._displaced.wait())
        try:
            await asyncio.wait((task, taken), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
        finally:
            taken.cancel()
            task.cancel()
            await asyncio.wait((task, taken))

    async def announce(
        self, address: str, look: Callable[[], tuple[str, ...]] | None = None
    ) -> None:
        """Says where this node serves, and waits (3 s at most) until the Coordinator knows.

        `look` gives every address as the interfaces are now; it is asked again every few seconds,
        and what has changed is announced anew.
        """
        self._registering.announce(address, look)
        self._told.clear()
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
        self._seated()
        question = question_of(capability, project, model, task)
        if not fresh and (known := self._known(question)):
            return known
        known = self._routes.last(question)
        try:
            routes = await self._coordinators.ask(
                lambda channel: RegistryClient(channel).resolve(capability, project, model, task)
            )
        except Unavailable:
            if known and not fresh:
                return known
            raise
        await self._routes.keep(question, routes)
        return routes

    async def leading(self, dragon: str) -> str:
        """The identity of the Dragon that leads what that one led; its own where no other does."""
        routes = await self.resolve("lake")
        found = self._successors.known(dragon, routes) or await self._successors.find(
            dragon, routes
        )
        return found[0].identity if found else dragon

    def routed(
        self,
        capability: Capability,
        project: str = "",
        model: str = "",
        *,
        task: str = "",
        only: str = "",
    ) -> Routed:
        """Calls to whoever offers the capability; with `only` to the node of that identity, or to
        the Dragon that leads since what that one led."""
        question = question_of(capability, project, model, task)

        def known() -> tuple[Route, ...]:
            routes = self._known(question)
            return self._successors.known(only, routes) if only else routes

        async def resolve(*, fresh: bool) -> tuple[Route, ...]:
            routes = await self.resolve(capability, project, model, task, fresh=fresh)
            if not only:
                return routes
            if found := self._successors.known(only, routes):
                return found
            if not fresh:  # it may be new
                routes = await self.resolve(capability, project, model, task, fresh=True)
            if not (found := await self._successors.find(only, routes)):
                raise Unavailable(f"{only} does not offer {capability} now", field=NO_ROUTE)
            return found

        name = f"{capability}@{only.rsplit('/', 1)[-1][:8]}" if only else capability
        breaker = self._breakers.setdefault(name, Breaker(name, self._clock))
        budget = self._budgets.setdefault(name, RetryBudget())
        return Routed(name, resolve, self._channels, breaker, budget, self._relayed, known)

    def circuits(self) -> tuple[Circuit, ...]:
        """How the calls to each capability fare, and those to the Coordinator, by name."""
        state: CircuitState = "closed" if self.connected else "trying"
        registry = Circuit("registry", state, sentence=self.sentence)
        found = (registry, *(each.now() for each in self._breakers.values()))
        return tuple(sorted(found, key=lambda circuit: circuit.name))

    async def nodes(self) -> tuple[Node, ...]:
        """Every node that is or was there."""
        return await self.ask_coordinator(lambda channel: RegistryClient(channel).nodes())

    async def invite(self, role: Role) -> Invitation:
        """A code for one new node; Denied unless this node is an admin's."""
        return await self.ask_coordinator(
            lambda channel: AuthorityClient(channel).invite(role), idempotent=False
        )

    async def ask_coordinator(
        self, fn: Callable[[Channel], Awaitable[T]], *, idempotent: bool = True
    ) -> T:
        """The answer of a Coordinator to one call; the seven errors, never gRPC's.

        Where there are several, an idempotent call goes on to the next after Unavailable.
        """
        self._seated()
        return await self._coordinators.ask(fn, idempotent=idempotent)

    def _seated(self) -> None:
        if self.displaced:
            raise Unavailable(self.displaced)

    async def _heard(self, word: Word) -> None:
        await self._identity.learn(word.coordinators)
        self._time.tell(word.now_ms)
        self._word.hear(replace(word, coordinators=()), self._time.now_ms())
        self.put_out = ""
        if not self.connected:
            log.info("connected to the Coordinator")
            await self._turn(connected=True, sentence="")
        self._told.set()
        await self._word.keep_when_due()

    async def _lost(self, error: PostDevAIError) -> None:
        was = self.connected
        if isinstance(error, Denied):
            self.put_out = error.message if error.field == PUT_OUT else ""
        await self._turn(
            connected=False, sentence=f"the Coordinator cannot be used: {error.message}"
        )
        self._told.set()
        if was:
            log.warning("lost the Coordinator: %s", error.message)
            await self._word.keep()

    async def _stand_back(self, error: Conflict) -> None:
        """Another process has the seat: this one answers nobody and asks nothing any more."""
        log.error("%s; this process acts as it no longer", error.message)
        self.displaced = error.message
        self._displaced.set()
        await self._turn(connected=False, sentence=error.message)
        self._told.set()

    async def _turn(self, *, connected: bool, sentence: str) -> None:
        async with self._turned:
            self.connected, self.sentence = connected, sentence
            self._turned.notify_all()

    def _known(self, question: str) -> tuple[Route, ...]:
        """What needs no Coordinator, or cannot have one; empty when one is to be asked."""
        self._seated()
        if not self.connected:
            return self._routes.last(question)
        return self._routes.fresh(question, self._time.now_ms())

    def _coordinator_at(self, uri: str) -> tuple[str, ...]:
        """Where the Coordinator of that name is."""
        known = (each for each in self._identity.coordinators if each.identity == uri)
        return tuple(dict.fromkeys(at for each in known for at in each.addresses))
