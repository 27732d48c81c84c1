"""A small model on this machine, by the OpenAI protocol: words as they come, and who speaks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from common.errors import Unavailable
from common.model.llm import ChatMessage
from developer_node.away.settings import AwaySettings

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

CONNECT_S = 0.8
"""A model that is not there by then is not waited for."""
SILENCE_S = 60.0
"""Between two words."""
LINE_BYTES_MAX = 1 << 20


class LocalModel:
    """One endpoint. Nothing is sent anywhere else: no proxy, no redirect."""

    def __init__(self, settings: AwaySettings) -> None:
        self._settings = settings

    async def name(self) -> str:
        """As set, else the first that the server has. Unavailable when it does not say."""
        if self._settings.model:
            return self._settings.model
        try:
            async with (
                asyncio.timeout(CONNECT_S),
                _session() as session,
                session.get(f"{self._settings.endpoint}/models", allow_redirects=False) as told,
            ):
                listed: Any = await told.json(content_type=None)
            return str(listed["data"][0]["id"])
        except _failures() as error:
            raise self._away(error) from error

    async def speak(
        self, model: str, messages: Sequence[ChatMessage], tokens_max: int
    ) -> AsyncGenerator[str, None]:
        """Its words. Unavailable when it is not there, or stops in the middle."""
        asked: dict[str, Any] = {
            "model": model,
            "messages": [{"role": m.role, "content": m.content} for m in messages],
            "max_tokens": tokens_max,
            "temperature": 0,
            "stream": True,
        }
        try:
            async with _session() as session:
                url = f"{self._settings.endpoint}/chat/completions"
                async with session.post(url, json=asked, allow_redirects=False) as told:
                    if told.status != 200:
                        raise Unavailable(f"the local model answers HTTP {told.status}")
                    async for text in _words(told):
                        yield text
        except _failures() as error:
            raise self._away(error) from error

    def _away(self, error: BaseException) -> Unavailable:
        why = "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
        return Unavailable(f"the local model at {self._settings.endpoint} cannot be asked: {why}")


def _failures() -> tuple[type[Exception], ...]:
    from aiohttp import ClientError

    return (ClientError, TimeoutError, ValueError, KeyError, IndexError, TypeError)


@asynccontextmanager
async def _session() -> AsyncGenerator[ClientSession]:
    from aiohttp import ClientSession, ClientTimeout

    limits = ClientTimeout(total=None, connect=CONNECT_S, sock_read=SILENCE_S)
    async with ClientSession(
        timeout=limits, trust_env=False, read_bufsize=LINE_BYTES_MAX
    ) as session:
        yield session


async def _words(told: ClientResponse) -> AsyncGenerator[str, None]:
    async for raw in told.content:
        line = raw.decode("utf-8", "replace").strip()
        if not line.startswith("data:"):
            continue
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        if text := _text(json.loads(data)):
            yield text


def _text(event: Any) -> str:
    """Empty where a piece says nothing, as the first and the last do."""
    choices: Any = event.get("choices") or [{}]
    delta: Any = choices[0].get("delta") or {}
    return str(delta.get("content") or "")
