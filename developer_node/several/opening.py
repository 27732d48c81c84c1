"""The clients of all Dragons, made from one membership."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import cache
from typing import Literal

from common.clients.assistant import AssistantClient
from common.clients.lake import LakeClient
from common.clients.membership import Membership
from common.clients.registry import RegistryClient
from common.clients.replica import bring
from common.errors import PostDevAIError, Unavailable
from common.model.ids import NodeId
from common.model.lake import LakeStats
from common.model.node import Identity, Node, id_in
from common.rpc.routed import Routed
from developer_node.several.assistants import Assistants
from developer_node.several.dragons import Dragons, name
from developer_node.several.lakes import Lakes
from developer_node.several.named import named

HOME = "ingest"
"""The task by which the Coordinator finds the one Dragon that has this laptop's records."""


@dataclass(frozen=True, slots=True)
class Several:
    """All Dragons of the mesh."""

    lake: Lakes
    assistant: Assistants
    everywhere: Callable[[], Awaitable[Sequence[Routed]]]
    """The way to each lake, for what must be done at all of them or at none; Unavailable while
    one that may hold something is away."""
    others: Callable[[], Awaitable[Sequence[tuple[str, Routed]]]]
    """The way to each lake but the home Dragon's, of those that serve, with its name."""
    places: Whereabouts
    """Where projects are recorded, and how they are moved."""

    dragons: Dragons

    async def stats(self) -> LakeStats | None:
        """Of all lakes together; None where there is one alone."""
        return await self.lake.stats() if await self.dragons.are_several() else None

    async def away(self) -> Sequence[str]:
        """The names of those that hold projects and do not serve."""
        return [name(each) for each in await self.dragons.away(await self.dragons.serving())]

    async def way(self, said: str) -> Routed:
        """The way to the lake of the Dragon that a person names so."""
        return self.places.to(named(said, await self.places.nodes()).id)


class Whereabouts:
    """What the mesh says of where projects are, in ids of Dragons."""

    def __init__(self, membership: Membership) -> None:
        self._membership = membership
        self._lakes = frozenset[str]()

    async def home(self) -> str:
        """The Dragon that has what is recorded here without a place of its own."""
        return id_in((await self._membership.resolve("lake", task=HOME))[0].identity)

    async def ask(self, project: str) -> str:
        """Where a project's records go now; empty for the home Dragon."""
        routes = await self._membership.resolve("lake", project, task=HOME, fresh=True)
        at = id_in(routes[0].identity)
        return "" if at == await self.home() else at

    def lake(self, dragon: str) -> LakeClient:
        """The lake of one Dragon."""
        return LakeClient(self.to(dragon))

    def assistant(self, dragon: str) -> AssistantClient:
        """The assistant of one Dragon."""
        return AssistantClient(self._membership.routed("assistant", only=self._uri(dragon)))

    async def bring(
        self, target: str, project: str, holder: str
    ) -> AsyncGenerator[tuple[int, int]]:
        """Has a Dragon copy a project from another one."""
        async with aclosing(bring(self.to(target), project, holder)) as moves:
            async for move in moves:
                yield move

    async def pin(self, project: str, dragon: str) -> None:
        """Says that a project was copied to a Dragon."""
        await self._membership.ask_coordinator(
            lambda channel: RegistryClient(channel).pin_copied(project, dragon)
        )

    async def leading(self, dragon: str) -> str:
        """The Dragon that leads now what that one led."""
        return id_in(await self._membership.leading(self._uri(dragon)))

    async def refresh(self) -> bool:
        """Asks which Dragons there are, and says whether they are several; what was known stands
        where nobody can say."""
        with suppress(PostDevAIError):
            routes = await self._membership.resolve("lake", fresh=True)
            lakes = frozenset(route.identity for route in routes)
            if lakes != self._lakes:  # whoever offers one offers the other
                await self._membership.resolve("assistant", fresh=True)
            self._lakes = lakes
        return len(self._lakes) != 1

    async def nodes(self) -> tuple[Node, ...]:
        """Every node that is or was there."""
        return await self._membership.nodes()

    def to(self, dragon: str) -> Routed:
        """The way to the lake of one Dragon."""
        return self._membership.routed("lake", only=self._uri(dragon))

    def _uri(self, dragon: str) -> str:
        return Identity(self._membership.mesh, "dragon", NodeId(dragon)).uri


def open_several(membership: Membership) -> Several:
    """Made from the laptop's place in the mesh."""
    dragons = Dragons(membership)

    @cache
    def lake(identity: str) -> LakeClient:
        return LakeClient(membership.routed("lake", only=identity))

    @cache
    def assistant(identity: str) -> AssistantClient:
        return AssistantClient(membership.routed("assistant", only=identity))

    async def home_now() -> str:
        return (await membership.resolve("assistant", task=HOME))[0].identity

    async def everywhere() -> Sequence[Routed]:
        with suppress(Unavailable):  # without a Coordinator those that are known are all
            await membership.resolve("lake", fresh=True)
        serving = await dragons.serving()
        for each in await dragons.keeping(serving):
            raise Unavailable(
                f"{name(each)} is away and may hold some of it, so nothing was done",
                hint="Start it, or revoke it when it is lost, and try again.",
            )
        if len(serving) == 1:
            return (_home(membership, "lake"),)
        return tuple(membership.routed("lake", only=each) for each in serving)

    async def others() -> Sequence[tuple[str, Routed]]:
        if not await dragons.are_several():
            return ()
        home = await home_now()
        far = [each for each in await dragons.serving() if each != home]
        return [(name(each), membership.routed("lake", only=each)) for each in far]

    lakes = Lakes(_home(membership, "lake"), dragons, lake)
    voices = Assistants(_home(membership, "assistant"), dragons, assistant, lake, home_now)
    return Several(lakes, voices, everywhere, others, Whereabouts(membership), dragons)


def _home(membership: Membership, capability: Literal["lake", "assistant"]) -> Routed:
    return membership.routed(capability, task=HOME)
