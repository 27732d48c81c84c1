"""One node, several addresses: the first that answers is taken, and remembered.

The next address is tried a quarter of a second after the one before it, or as soon as that has
refused (Happy Eyeballs, RFC 8305). The name in the certificate decides who answers, so an address
that another node has taken is passed over like a dead one.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence

import grpc
from grpc.aio import Channel

from common.errors import Unavailable
from common.rpc.channel import Channels

CONNECT_S = 3.0
"""An address that does not answer for so long is taken to be dead."""
STAGGER_S = 0.25
REMEMBERED_MAX = 256


class Reaching:
    """Channels to nodes, each by whichever of its addresses answers."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._answered: OrderedDict[str, str] = OrderedDict()

    async def to(self, endpoints: Sequence[str], identity_uri: str) -> Channel:
        """A channel to that node. Where there is one address it is not waited for.

        Unavailable, with every address that was tried, when none answers.
        """
        ways = tuple(dict.fromkeys(each for each in endpoints if each))
        if not ways:
            raise Unavailable("the node has no address")
        if len(ways) == 1:
            return await self._channels.to(ways[0], identity_uri)
        known = self._answered.get(identity_uri)
        if known in ways:
            ways = (known, *(each for each in ways if each != known))
        for endpoint in ways:
            if (held := self._channels.ready(endpoint, identity_uri)) is not None:
                return held
        endpoint, channel = await first_that_connects(
            ways, lambda endpoint: self._channels.trial(endpoint, identity_uri)
        )
        self._answered[identity_uri] = endpoint
        self._answered.move_to_end(identity_uri)
        while len(self._answered) > REMEMBERED_MAX:
            self._answered.popitem(last=False)
        return await self._channels.adopt(endpoint, identity_uri, channel)

    def answered(self, identity_uri: str) -> str:
        """The address at which that node answered last; empty when it never had to be found."""
        return self._answered.get(identity_uri, "")


async def first_that_connects(
    ways: Sequence[str], opened: Callable[[str], Channel], stagger_s: float = STAGGER_S
) -> tuple[str, Channel]:
    """The first channel with a connection, and its address; all others are closed."""
    tried: dict[asyncio.Task[None], tuple[str, Channel]] = {}
    failed: list[asyncio.Task[None]] = []
    left = list(ways)
    won: asyncio.Task[None] | None = None
    try:
        while won is None and (left or len(failed) < len(tried)):
            if left:
                channel = opened(left[0])
                tried[asyncio.ensure_future(connected(channel))] = (left.pop(0), channel)
            running = [task for task in tried if task not in failed]
            done, _ = await asyncio.wait(
                running,
                timeout=stagger_s if left else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            failed += [task for task in done if task.exception() is not None]
            won = next((task for task in tried if task in done and task not in failed), None)
        if won is None:
            whole = ", ".join(f"{at} ({task.exception()})" for task, (at, _) in tried.items())
            raise Unavailable(f"the node cannot be reached at {whole}")
        return tried[won]
    finally:
        for task, (_, channel) in tried.items():
            if task is not won:
                task.cancel()
                await channel.close()


async def connected(channel: Channel) -> None:
    """Waits until the channel has a connection; Unavailable when it gets none."""
    if channel.get_state(try_to_connect=True) is grpc.ChannelConnectivity.READY:
        return
    try:
        async with asyncio.timeout(CONNECT_S):
            state = channel.get_state(try_to_connect=True)
            while state is not grpc.ChannelConnectivity.READY:
                if state is grpc.ChannelConnectivity.TRANSIENT_FAILURE:
                    raise Unavailable("the node cannot be reached")
                await channel.wait_for_state_change(state)
                state = channel.get_state(try_to_connect=True)
    except TimeoutError:
        raise Unavailable("the node does not answer") from None
