"""The Coordinators of the mesh, as a node reaches them: the one that answered last first, those
that fell silent last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeVar

from grpc.aio import AioRpcError, Channel

from common.errors import PostDevAIError, Unavailable
from common.model.node import CoordinatorAddress, id_in
from common.rpc.channel import Channels
from common.rpc.credentials import NodeIdentity
from common.rpc.reaching import Reaching, connected
from common.rpc.status import error_from_rpc

T = TypeVar("T")


class Finder(Protocol):
    """Finds addresses on the local network. It is believed in nothing else."""

    async def find(self, mesh: str) -> Mapping[str, tuple[str, ...]]:
        """Addresses of main ports by the Coordinator's id, as anybody there may claim."""
        ...


class Coordinators:
    """Ways to the Coordinators; whoever answers must have the name in its certificate."""

    def __init__(
        self, identity: NodeIdentity, channels: Channels, finder: Finder | None = None
    ) -> None:
        self._identity = identity
        self._reaching = Reaching(channels)
        self._finder = finder
        self._last = ""
        self._lost: list[str] = []

    def ways(self) -> tuple[CoordinatorAddress, ...]:
        """Every Coordinator that is known: the one that answered last first, then those of which
        nothing is known, then those that were lost, the latest at the end."""
        return tuple(sorted(self._identity.coordinators, key=self._rank))

    def answered(self, way: CoordinatorAddress) -> None:
        """This one is asked first from now on."""
        self._last = way.identity
        self._lost = [each for each in self._lost if each != way.identity]

    def lost(self, way: CoordinatorAddress) -> None:
        """This one is asked last from now on: to wait for it again would be time lost."""
        self._lost = [*(each for each in self._lost if each != way.identity), way.identity]

    def _rank(self, way: CoordinatorAddress) -> tuple[int, bool]:
        if way.identity in self._lost:
            return self._lost.index(way.identity) + 1, True
        return 0, way.identity != self._last

    async def found(self) -> tuple[CoordinatorAddress, ...]:
        """Where those that are known may be, by what is said on the local network."""
        if self._finder is None:
            return ()
        said = await self._finder.find(self._identity.identity.mesh)
        return tuple(
            CoordinatorAddress(each.identity, said[name])
            for each in self.ways()
            if (name := id_in(each.identity)) in said
        )

    async def channel(self, way: CoordinatorAddress) -> Channel:
        """A channel to that Coordinator; Unavailable, with each address, when none answers."""
        return await self._reaching.to(way.addresses, way.identity)

    async def ask(self, fn: Callable[[Channel], Awaitable[T]], *, idempotent: bool = True) -> T:
        """The answer of the first that gives one; the seven errors, never gRPC's.

        After Unavailable an idempotent call goes on to the next. Any other goes on only where no
        connection could be made, so that nothing takes effect twice.
        """
        ways = self.ways()
        last = Unavailable("no Coordinator is known")
        for way in ways:
            try:
                channel = await self.channel(way)
                if not idempotent and len(ways) > 1:
                    await connected(channel)
            except Unavailable as error:
                last = error
                continue
            try:
                return await fn(channel)
            except (AioRpcError, PostDevAIError) as failed:
                error = failed if isinstance(failed, PostDevAIError) else error_from_rpc(failed)
                if not idempotent or not isinstance(error, Unavailable):
                    raise error from None
                last = error
        raise last
