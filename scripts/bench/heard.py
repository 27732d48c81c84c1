"""A request to a model as its caller hears it, whoever serves it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from common.clients.inference import InferenceClient
from common.clients.membership import Membership
from common.model.llm import ChatMessage, Generated, GenerationRequest

MODEL = "smollm2-135m-instruct"
ANSWER_S = 600.0
"""A server that has not ended its answer by then is at fault: the measurement ends."""


class Voice(Protocol):
    """Who may be asked: the product, or a server to hold it against."""

    def speak(self, messages: Sequence[ChatMessage], tokens_max: int) -> AsyncGenerator[Generated]:
        """Pieces as they are heard, the last with the counts. Greedy."""
        ...


@dataclass(frozen=True, slots=True)
class Heard:
    """What came when; seconds are those of `time.perf_counter`."""

    asked_s: float
    pieces_s: tuple[float, ...]
    """When each piece with text came."""
    ended_s: float
    text: str
    last: Generated

    @property
    def latency_s(self) -> float:
        """From the question to the end of the answer."""
        return self.ended_s - self.asked_s

    @property
    def first_s(self) -> float:
        """From the question to the first text; to the end where there was none."""
        return (self.pieces_s or (self.ended_s,))[0] - self.asked_s


@dataclass(frozen=True, slots=True)
class Product:
    """The Dragon, over gRPC and mTLS, as a laptop calls it."""

    membership: Membership
    model: str = MODEL

    async def speak(
        self, messages: Sequence[ChatMessage], tokens_max: int
    ) -> AsyncGenerator[Generated]:
        """Closing the iterator cancels."""
        client = InferenceClient(self.membership.routed("inference"))
        request = GenerationRequest(self.model, tuple(messages), tokens_max)
        async with aclosing(client.generate(request)) as pieces:
            async for piece in pieces:
                yield piece


async def ask(voice: Voice, question: str, tokens_max: int) -> Heard:
    """One question to the end of its answer."""
    return await hear(voice.speak((ChatMessage("user", question),), tokens_max))


async def hear(pieces: AsyncIterable[Generated]) -> Heard:
    """All of an answer; the clock starts now."""
    asked_s = time.perf_counter()
    came_s: list[float] = []
    texts: list[str] = []
    last = Generated("")
    async with asyncio.timeout(ANSWER_S):
        async for piece in pieces:
            last = piece
            if piece.text:
                came_s.append(time.perf_counter())
                texts.append(piece.text)
    return Heard(asked_s, tuple(came_s), time.perf_counter(), "".join(texts), last)
