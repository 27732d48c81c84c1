"""The daemon's refusals as people meet them: no gRPC error gets out of the local client."""

from __future__ import annotations

from collections.abc import Awaitable, Generator
from contextlib import contextmanager
from typing import TypeVar

import grpc.aio

from common.errors import PostDevAIError, Unavailable
from common.rpc.status import error_from_rpc
from developer_node.front.door import START_IT
from developer_node.front.unbroken import unbroken

T = TypeVar("T")


async def answer(call: Awaitable[T]) -> T:
    """A call's answer."""
    with refusals():
        return await call


@contextmanager
def refusals() -> Generator[None, None, None]:
    """gRPC's errors inside the block as ours, and a channel that was closed under it."""
    try:
        with unbroken():
            yield
    except grpc.aio.AioRpcError as error:
        raise for_people(error) from None


def for_people(error: grpc.aio.AioRpcError) -> PostDevAIError:
    """A refusal by the daemon keeps its own hint; without one the daemon itself is the matter."""
    refusal = error_from_rpc(error)
    if isinstance(refusal, Unavailable) and not refusal.hint:
        return Unavailable(refusal.message, hint=START_IT)
    return refusal
