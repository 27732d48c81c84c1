"""The clients of all Dragons, made from one membership."""

from __future__ import annotations

from functools import cache
from typing import Literal

from common.clients.assistant import AssistantClient
from common.clients.lake import LakeClient
from common.clients.membership import Membership
from common.rpc.routed import Routed
from developer_node.several.assistants import Assistants
from developer_node.several.dragons import Dragons
from developer_node.several.lakes import Lakes

HOME = "ingest"
"""The task by which the Coordinator finds the one Dragon that has this laptop's records."""


def open_several(membership: Membership) -> tuple[Lakes, Assistants]:
    """The lakes and the assistants of the mesh."""
    dragons = Dragons(membership)

    @cache
    def lake(identity: str) -> LakeClient:
        return LakeClient(membership.routed("lake", only=identity))

    @cache
    def assistant(identity: str) -> AssistantClient:
        return AssistantClient(membership.routed("assistant", only=identity))

    async def home_now() -> str:
        return (await membership.resolve("assistant", task=HOME))[0].identity

    lakes = Lakes(_home(membership, "lake"), dragons, lake)
    return lakes, Assistants(_home(membership, "assistant"), dragons, assistant, lake, home_now)


def _home(membership: Membership, capability: Literal["lake", "assistant"]) -> Routed:
    return membership.routed(capability, task=HOME)
