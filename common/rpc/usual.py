"""The way that calls to a capability go as a rule: taken again, without a look at the others, while
nothing of it has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from grpc.aio import Channel, Metadata

from common.model.node import Route
from common.rpc.channel import Channels
from common.rpc.relayed import Relayed

Known = Callable[[], tuple[Route, ...]]
"""The routes that are given without asking a Coordinator; none when one would be asked."""


@dataclass(frozen=True, slots=True)
class _Kept:
    route: Route
    endpoint: str
    channel: Channel
    metadata: Metadata


class Usual:
    """The direct way by the first route. It stands as long as that is the first route, with the
    same ticket, over the same channel, which is connected and shows the current certificate."""

    def __init__(self, known: Known, channels: Channels, relayed: Relayed | None) -> None:
        self._known = known
        self._channels = channels
        self._relayed = relayed
        self._kept: _Kept | None = None

    def way(self) -> tuple[Channel, Metadata, Iterator[Route]] | None:
        """The channel, the ticket and the routes behind it; None when it has to be found anew."""
        kept = self._kept
        if kept is None:
            return None
        routes = self._known()
        if not routes or routes[0] is not kept.route:
            return None
        if self._relayed is not None and self._relayed.bypasses(kept.route):
            return None
        if self._channels.ready(kept.endpoint, kept.route.identity) is not kept.channel:
            return None
        left = iter(routes)
        next(left)
        return kept.channel, kept.metadata, left

    def keep(self, route: Route, channel: Channel, metadata: Metadata) -> None:
        """A call goes this way now; kept when it is the direct one, and connected."""
        for endpoint in route.endpoints or (route.endpoint,):
            if self._channels.ready(endpoint, route.identity) is channel:
                self._kept = _Kept(route, endpoint, channel, metadata)
                return
