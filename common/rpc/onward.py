"""A service of another node, passed on as it is: the local API hands calls to the Dragon."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, contextmanager
from typing import Any, TypeVar

from google.protobuf.message import Message
from grpc.aio import Channel, Metadata

from common.errors import Unavailable
from common.rpc.repeatable import is_repeatable
from common.rpc.routed import Routed

R = TypeVar("R", bound=Message)


class Onward:
    """One service of the Dragon, called by the names of its methods."""

    def __init__(self, dragon: Routed, stub: type[Any], answer_s: float) -> None:
        """`stub`: as generated. `answer_s`: how long a call that is no stream may take."""
        self._dragon = dragon
        self._stub = stub
        self._service = stub.__name__.removesuffix("Stub")
        self._answer_s = answer_s

    async def answer(self, method: str, request: Message, response: type[R]) -> R:
        """The Dragon's answer, or its refusal."""

        async def call(channel: Channel, metadata: Metadata) -> R:
            asked = getattr(self._stub(channel), method)
            return await asked(request, metadata=metadata, timeout=self._answer_s)

        with _named():
            return await self._dragon.call(
                call, idempotent=is_repeatable(f"{self._service}/{method}")
            )

    async def stream(self, method: str, request: Message, response: type[R]) -> AsyncGenerator[R]:
        """The Dragon's answers; closing it cancels there."""

        def call(channel: Channel, metadata: Metadata) -> Any:
            return getattr(self._stub(channel), method)(request, metadata=metadata)

        with _named():
            idempotent = is_repeatable(f"{self._service}/{method}")
            async with aclosing(self._dragon.stream(call, idempotent=idempotent)) as responses:
                async for each in responses:
                    yield each


@contextmanager
def _named() -> Generator[None]:
    """Who it is that cannot be reached. What the Dragon itself lacks has its own hint."""
    try:
        yield
    except Unavailable as error:
        if error.hint:
            raise
        raise Unavailable(
            f"the Dragon cannot be reached: {error.message}",
            hint="start it with: postdevai up",
        ) from error
