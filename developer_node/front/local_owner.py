"""How front ends ask for the owner's key, and have sealing keys signed, by the laptop's daemon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc.aio

from common.model.node import id_in
from common.pb.postdevai.v1 import owner_service_pb2 as pb
from common.pb.postdevai.v1.owner_service_pb2_grpc import OwnerServiceStub
from developer_node.front.local_refusals import answer

if TYPE_CHECKING:
    from common.pb.postdevai.v1.owner_service_pb2_grpc import OwnerServiceAsyncStub

OWNER_S = 10.0


@dataclass(frozen=True, slots=True)
class NodeKey:
    """A node's sealing key."""

    node: str
    """spiffe URI."""
    fingerprint: str
    state: str
    """signed, or waits."""
    reason: str

    @property
    def role(self) -> str:
        """Of the node."""
        return self.node.rsplit("/", 2)[-2]

    @property
    def id(self) -> str:
        """Of the node."""
        return id_in(self.node)


@dataclass(frozen=True, slots=True)
class OwnerState:
    """The owner's key as this laptop knows it."""

    public_key: str
    """Empty when nobody told it."""
    fingerprint: str
    signs: bool
    keys: tuple[NodeKey, ...] = ()


class LocalOwner:
    """OwnerService of the local API."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
        self._stub: OwnerServiceAsyncStub = OwnerServiceStub(channel)
        self._metadata = metadata

    async def state(self) -> OwnerState:
        """The key, and every node's; Unavailable without a Coordinator."""
        call = self._stub.GetOwner(pb.GetOwnerRequest(), timeout=OWNER_S, metadata=self._metadata)
        said = await answer(call)
        keys = tuple(_key(key) for key in said.keys)
        return OwnerState(said.public_key, said.fingerprint, said.signs, keys)

    async def init(self) -> str:
        """Makes the key here; its fingerprint."""
        call = self._stub.InitOwner(pb.InitOwnerRequest(), timeout=OWNER_S, metadata=self._metadata)
        return (await answer(call)).fingerprint

    async def sign(self, node: str, fingerprint: str) -> NodeKey:
        """Signs the key that was compared by eye."""
        request = pb.SignKeyRequest(node=node, fingerprint=fingerprint)
        call = self._stub.SignKey(request, timeout=OWNER_S, metadata=self._metadata)
        return _key((await answer(call)).key)

    async def trust(self, public_key: str) -> str:
        """Takes the key for the owner's; its fingerprint."""
        request = pb.TrustOwnerRequest(public_key=public_key)
        call = self._stub.TrustOwner(request, timeout=OWNER_S, metadata=self._metadata)
        return (await answer(call)).fingerprint


def _key(said: pb.NodeKey) -> NodeKey:
    return NodeKey(said.node, said.fingerprint, said.state, said.reason)
