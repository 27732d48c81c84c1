"""The clients of all Dragons, made from one membership."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Literal

from common.clients.assistant import AssistantClient
from common.clients.lake import LakeClient
from common.clients.membership import Membership
from common.errors import Unavailable
from common.rpc.routed import Routed
from developer_node.several.assistants import Assistants
from developer_node.several.dragons import Dragons, name
from developer_node.several.lakes import Lakes

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
        for each in await dragons.away(serving):
            raise Unavailable(
                f"{name(each)} is away and may hold some of it, so nothing was done",
                hint="Start it, or revoke it when it is lost, and try again.",
            )
        if len(serving) == 1:
            return (_home(membership, "lake"),)
        return tuple(membership.routed("lake", only=each) for each in serving)

    lakes = Lakes(_home(membership, "lake"), dragons, lake)
    voices = Assistants(_home(membership, "assistant"), dragons, assistant, lake, home_now)
    return Several(lakes, voices, everywhere)


def _home(membership: Membership, capability: Literal["lake", "assistant"]) -> Routed:
    return membership.routed(capability, task=HOME)
