"""Channels: always to a named node, over TLS, with this node's own current certificate."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Protocol

import grpc
from grpc.aio import Channel

from common.clock import Clock, SystemClock
from common.model.node import Identity
from common.rpc.certificates import Credential, identity_from_uri

MESSAGE_BYTES_MAX = 4 << 20
CHANNELS_MAX = 16
RETIRED_S = 3600.0
"""A stream on a channel whose certificate was renewed may run on for so long."""

SILENT_MS = 1_000
"""A link on which nothing came for so long is asked whether anybody is there."""
SERVER_SILENT_MS = 1_250
"""Later at the end that was called, so that one question a second is enough for both."""
ANSWER_MS = 1_700
"""The other end is gone when it does not answer within so long; gRPC's own threads answer, also
while the node computes."""


def link_options(silent_ms: int) -> tuple[tuple[str, Any], ...]:
    """How an end of a link between two nodes notices that the other is gone."""
    return (
        ("grpc.keepalive_time_ms", silent_ms),
        ("grpc.keepalive_timeout_ms", ANSWER_MS),  # for what the kernel cannot deliver
        ("grpc.http2.ping_timeout_ms", ANSWER_MS),  # for what nobody answers; else it is a minute
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
    )


OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
    *link_options(SILENT_MS),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.use_local_subchannel_pool", 1),  # a new certificate means a new connection
    ("grpc.enable_http_proxy", 0),  # nothing here is for a proxy to see
)


class Own(Protocol):
    """This node's identity and what it shows at the moment."""

    @property
    def identity(self) -> Identity:
        """Who this node is."""
        ...

    @property
    def credential(self) -> Credential:
        """Its key, leaf and CA; another object after each renewal."""
        ...


def open_channel(endpoint: str, identity_uri: str, own: Own) -> Channel:
    """A channel on which only the node of that identity can answer."""
    shown = own.credential
    credentials = grpc.ssl_channel_credentials(shown.ca_pem, shown.key_pem, shown.leaf_pem)
    return grpc.aio.secure_channel(
        endpoint, credentials, (*OPTIONS, *_name(identity_from_uri(identity_uri).dns))
    )


def _name(dns: str) -> tuple[tuple[str, Any], ...]:
    return (("grpc.ssl_target_name_override", dns), ("grpc.default_authority", dns))


@dataclass(frozen=True, slots=True)
class _Held:
    channel: Channel
    credential: Credential


class Channels:
    """One channel to each node, opened anew when this node's certificate has been renewed.

    At most 16, or as many as are said; the one that was not used for longest is closed for the
    next, and its calls with it.
    """

    def __init__(self, own: Own, clock: Clock | None = None, most: int = CHANNELS_MAX) -> None:
        self._own = own
        self._most = most
        self._clock = clock or SystemClock()
        self._held: OrderedDict[tuple[str, str], _Held] = OrderedDict()
        self._retired: list[tuple[float, Channel]] = []

    async def to(self, endpoint: str, identity_uri: str) -> Channel:
        """The channel to that node there."""
        key = (endpoint, identity_uri)
        held = self._held.get(key)
        if held is None or held.credential is not self._own.credential:
            if held is not None:
                self._retired.append((self._clock.monotonic(), held.channel))
            held = _Held(open_channel(endpoint, identity_uri, self._own), self._own.credential)
            self._held[key] = held
        self._held.move_to_end(key)
        await self._tidy()
        return held.channel

    def ready(self, endpoint: str, identity_uri: str) -> Channel | None:
        """The channel to that node there when it has a connection now."""
        held = self._held.get((endpoint, identity_uri))
        if held is None or held.credential is not self._own.credential:
            return None
        if held.channel.get_state() is not grpc.ChannelConnectivity.READY:
            return None
        self._held.move_to_end((endpoint, identity_uri))
        return held.channel

    def trial(self, endpoint: str, identity_uri: str) -> Channel:
        """A channel beside these, to find out whether that node answers there."""
        return open_channel(endpoint, identity_uri, self._own)

    async def adopt(self, endpoint: str, identity_uri: str, channel: Channel) -> Channel:
        """Takes a channel that `trial` opened among these, in the place of the one before it."""
        key = (endpoint, identity_uri)
        if (held := self._held.get(key)) is not None:
            self._retired.append((self._clock.monotonic(), held.channel))
        self._held[key] = _Held(channel, self._own.credential)
        self._held.move_to_end(key)
        await self._tidy()
        return channel

    async def close(self) -> None:
        """Closes all of them; running calls are cancelled."""
        for held in self._held.values():
            await held.channel.close()
        for _, channel in self._retired:
            await channel.close()
        self._held.clear()
        self._retired.clear()

    async def _tidy(self) -> None:
        while len(self._held) > self._most:
            _, oldest = self._held.popitem(last=False)
            await oldest.channel.close()
        while self._retired and self._is_over(self._retired[0][0]):
            await self._retired.pop(0)[1].close()

    def _is_over(self, retired_at: float) -> bool:
        late = self._clock.monotonic() - retired_at > RETIRED_S
        return late or len(self._retired) > CHANNELS_MAX
