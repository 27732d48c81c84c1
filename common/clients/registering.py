"""The Register stream kept up: with one Coordinator after the other until one answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace

from common.backoff import Backoff
from common.clients.coordinators import Coordinators
from common.clients.registry import BEAT_S, Hello, Registration, RegistryClient, Word
from common.clock import Clock
from common.errors import Conflict, PostDevAIError, Unavailable
from common.model.node import Capability, CoordinatorAddress, NodeLoad, NodeOffer, NodeState
from common.rpc.certificates import Credential
from common.rpc.credentials import NodeIdentity

log = logging.getLogger(__name__)

SEAT = "seat"
"""The field of a Conflict that says: another process acts as this node now."""
LOOK_BEATS = 3
"""The interfaces of the machine are looked at once in so many heartbeats."""


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears what comes of it."""

    heard: Callable[[Word], Awaitable[None]]
    lost: Callable[[PostDevAIError], Awaitable[None]]
    displaced: Callable[[Conflict], Awaitable[None]]


class Registering:
    """Says hello and beats, for as long as this process has the node's seat."""

    def __init__(
        self,
        identity: NodeIdentity,
        coordinators: Coordinators,
        hello: Hello,
        load: Callable[[], NodeLoad],
        clock: Clock,
        ears: Ears,
    ) -> None:
        self._identity = identity
        self._coordinators = coordinators
        self._hello = hello
        self._load = load
        self._clock = clock
        self._ears = ears
        self._changed = asyncio.Event()
        self._look: Callable[[], tuple[str, ...]] | None = None
        self._offer = NodeOffer()
        self.state: NodeState = "serving"
        """What the heartbeats say."""
        self.epoch = 0
        """Under which this node holds its lease; 0 before it was welcomed."""

    def announce(self, address: str, look: Callable[[], tuple[str, ...]] | None) -> None:
        """Says where this node serves, at the next moment."""
        self._look = look
        addresses = look() if look else (address,)
        self._hello = replace(self._hello, address=address, addresses=addresses)
        self._changed.set()

    def serve(self, capabilities: tuple[Capability, ...]) -> None:
        """What the node offers to others from now on."""
        self._hello = replace(self._hello, capabilities=capabilities)
        self._changed.set()

    def offer(self, offer: NodeOffer) -> None:
        """What the node holds from now on; it goes with the next heartbeat."""
        self._offer = offer

    async def run(self) -> None:
        """Until cancelled, or until another process has taken the seat."""
        backoff = Backoff()
        while True:
            try:
                await self._round(backoff)
            except Conflict as error:
                if error.field == SEAT:
                    await self._ears.displaced(error)
                    return
                await self._ears.lost(error)
            except PostDevAIError as error:
                await self._ears.lost(error)
            await asyncio.sleep(backoff.next_s())

    async def _round(self, backoff: Backoff) -> None:
        """Each way once; raises why none is left, or why the one that was had has ended."""
        errors: list[PostDevAIError] = []
        ways = self._coordinators.ways()
        for ask in (None, self._coordinators.found):
            for way in ways if ask is None else await ask():
                self.epoch = 0
                try:
                    await self._with(way, backoff)
                except PostDevAIError as error:
                    if isinstance(error, Unavailable):
                        self._coordinators.lost(way)
                    if self.epoch or not isinstance(error, Unavailable):
                        raise
                    errors.append(error)
        ended = self._identity.ended
        if len(errors) == 1 and not ended:
            raise errors[0]
        said = "; ".join(dict.fromkeys(each.message for each in errors))
        raise Unavailable(f"{ended}; {said}" if ended else said)

    async def _with(self, way: CoordinatorAddress, backoff: Backoff) -> None:
        """Registered with one Coordinator until that ends; a renewed certificate is shown to it
        on a new stream before the old one is closed."""
        async with AsyncExitStack() as last:
            while True:
                shown = self._identity.credential
                self._look_again()
                hello = self._hello  # it may be another one before the welcome is here
                async with AsyncExitStack() as stack:
                    client = RegistryClient(await self._coordinators.channel(way))
                    registration = await stack.enter_async_context(client.register(hello))
                    await last.aclose()
                    self.epoch = registration.epoch
                    self._coordinators.answered(way)
                    backoff.reset()
                    await self._beats(registration, shown, hello)
                    last.push_async_exit(stack.pop_all())

    async def _beats(self, registration: Registration, shown: Credential, said: Hello) -> None:
        """Until the certificate that was shown has been renewed; `said` is what it registered."""
        offered, beats = NodeOffer(), 0
        await self._ears.heard(registration.word)
        while self._identity.credential is shown:
            if self._offer == offered:
                with suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_S):
                        await self._changed.wait()
            self._changed.clear()
            beats += 1
            if beats % LOOK_BEATS == 0:
                self._look_again()
            if said is not self._hello:
                said, offered = self._hello, NodeOffer()
                await registration.say(said)
                self.epoch = registration.epoch
            else:
                news = self._offer if self._offer != offered else None
                now_ms = self._clock.now_ms()
                await registration.beat(self.state, self._load(), news, now_ms)
                offered = news or offered
            await self._ears.heard(registration.word)

    def _look_again(self) -> None:
        """The machine may have moved to another network."""
        addresses = self._look() if self._look else ()
        if addresses and addresses != self._hello.addresses:
            log.info("addresses are now %s", ", ".join(addresses))
            self._hello = replace(self._hello, address=addresses[0], addresses=addresses)
