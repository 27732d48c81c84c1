"""What the screens wait for ends in an answer or a refusal, also when the connection breaks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from typing import TypeVar

from developer_node.front.unbroken import unbroken

T = TypeVar("T")


async def steady(call: Awaitable[T]) -> T:
    """A call's answer; Unavailable when the connection broke under it."""
    with unbroken():
        return await call


async def steadily(parts: AsyncIterator[T]) -> AsyncGenerator[T]:
    """What comes in parts; Unavailable when the connection broke. Closing it closes the parts."""
    try:
        with unbroken():
            async for part in parts:
                yield part
    finally:
        if isinstance(parts, AsyncGenerator):
            await parts.aclose()
