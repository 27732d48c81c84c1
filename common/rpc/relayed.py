"""The way to a node through a Coordinator, for when there is no direct one: sealed end to end."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.asymmetric import ec
from grpc.aio import Channel

from common.clock import Clock, SystemClock
from common.errors import Denied, PostDevAIError, Unavailable
from common.model.node import Route
from common.rpc.channel import CHANNELS_MAX, Own
from common.rpc.reaching import Reaching, connected
from common.rpc.sealed.caller import Caller
from common.rpc.sealed.channel import SealedChannel
from common.rpc.sealed.statement import Statement, public_key, read_statement

log = logging.getLogger(__name__)

Mode = Literal["auto", "only", "never"]
SETTING = "POSTDEVAI_RELAY"
"""auto: where there is no direct way; only: always; never."""
AGAIN_S = 30.0
"""So often the direct way is tried anew, beside the calls that go by the relay."""


@dataclass(slots=True)
class _Bypass:
    """A node that is not reached directly."""

    again_s: float
    probe: asyncio.Task[None] | None = None


@dataclass(slots=True)
class _Held:
    """A node's key as the owner signed it, and the channel that seals for it."""

    said: Statement
    carrier: Channel | None = None
    channel: SealedChannel | None = None


class Relayed:
    """Sealed channels to nodes, and which of them are not reached directly."""

    def __init__(
        self,
        own: Own,
        reaching: Reaching,
        coordinator: Callable[[str], Sequence[str]],
        owner: Callable[[], ec.EllipticCurvePublicKey | None],
        clock: Clock | None = None,
        mode: Mode | None = None,
    ) -> None:
        """`coordinator`: where the Coordinator of that name is; `owner`: the owner's key, as this
        machine was told by the owner, never by a Coordinator."""
        self._own = own
        self._reaching = reaching
        self._coordinator = coordinator
        self._owner = owner
        self._clock = clock or SystemClock()
        self._mode = mode or _mode()
        self._held: OrderedDict[tuple[str, str, str], _Held] = OrderedDict()
        self._bypassed: dict[str, _Bypass] = {}

    @property
    def identities(self) -> tuple[str, ...]:
        """The nodes that are called by the relay now."""
        return tuple(self._bypassed)

    @property
    def only(self) -> bool:
        """Whether no call goes directly."""
        return self._mode == "only"

    def offered(self, route: Route) -> bool:
        """Whether the node may be called through a Coordinator."""
        return bool(route.relay) and self._mode != "never"

    def bypasses(self, route: Route) -> bool:
        """Whether the direct way is in doubt; starts nothing."""
        return self.only or route.identity in self._bypassed

    def comes_first(self, route: Route) -> bool:
        """Whether the direct way is left out: it failed lately, and the relay did not."""
        if self.only:
            return True
        if not self.offered(route):
            return False
        bypass = self._bypassed.get(route.identity)
        if bypass is None:
            return False
        if bypass.probe is None and self._clock.monotonic() >= bypass.again_s:
            bypass.probe = asyncio.ensure_future(self._probe(route, bypass))
        return True

    async def direct(self, route: Route) -> Channel:
        """The direct channel; where a relay is offered, only once it is connected."""
        endpoints = route.endpoints or (route.endpoint,)
        channel = await self._reaching.to(endpoints, route.identity)
        if self.offered(route):
            await connected(channel)
        return channel

    async def channel(self, route: Route, why: PostDevAIError | None = None) -> SealedChannel:
        """A sealed channel with keys agreed; Unavailable, and why neither way is possible.

        `why`: what became of the direct way.
        """
        try:
            channel = await self._sealed(route)
            await channel.connect()
        except (Unavailable, Denied) as error:
            self._tries_directly(route.identity)
            before = f"{why.message}; " if why else ""
            raise Unavailable(f"{before}{error.message}", hint=error.hint) from None
        if why is not None and route.identity not in self._bypassed:
            log.info("by the relay: %s is not reached directly: %s", route.identity, why.message)
            self._bypassed[route.identity] = _Bypass(self._clock.monotonic() + AGAIN_S)
        return channel

    def _tries_directly(self, identity: str) -> None:
        """The next call does: the relay is of no use either."""
        bypass = self._bypassed.pop(identity, None)
        if bypass is not None and bypass.probe is not None:
            bypass.probe.cancel()

    async def close(self) -> None:
        """Ends what runs beside the calls."""
        probes = [each.probe for each in self._bypassed.values() if each.probe is not None]
        for probe in probes:
            probe.cancel()
        await asyncio.gather(*probes, return_exceptions=True)
        self._bypassed.clear()
        self._held.clear()

    async def _sealed(self, route: Route) -> SealedChannel:
        name = (route.identity, route.relay, route.sealing_key)
        held = self._held.get(name)
        if held is None or self._clock.now_ms() >= held.said.ends_ms:
            held = _Held(self._said(route))
        carrier = await self._reaching.to(tuple(self._coordinator(route.relay)), route.relay)
        await connected(carrier)
        if held.carrier is not carrier or held.channel is None:
            key = public_key(held.said.key)
            caller = Caller(carrier, self._own, route.identity, key, self._clock)
            held.carrier, held.channel = carrier, SealedChannel(caller)
        self._held[name] = held
        self._held.move_to_end(name)
        while len(self._held) > CHANNELS_MAX:
            self._held.popitem(last=False)
        return held.channel

    def _said(self, route: Route) -> Statement:
        """The owner's word on the node's key; Denied without one."""
        owner = self._owner()
        if owner is None:
            raise Denied(
                "by the relay: this machine was never told the owner's key",
                hint="see: postdevai owner",
            )
        mesh, now_ms = self._own.identity.mesh, self._clock.now_ms()
        return read_statement(
            route.sealing_key, owner, mesh=mesh, node=route.identity, now_ms=now_ms
        )

    async def _probe(self, route: Route, bypass: _Bypass) -> None:
        try:
            endpoints = route.endpoints or (route.endpoint,)
            await connected(await self._reaching.to(endpoints, route.identity))
        except Unavailable:
            bypass.again_s, bypass.probe = self._clock.monotonic() + AGAIN_S, None
        else:
            log.info("%s is reached directly again", route.identity)
            self._bypassed.pop(route.identity, None)


def _mode() -> Mode:
    said = os.environ.get(SETTING, "auto")
    return said if said in ("auto", "only", "never") else "auto"
