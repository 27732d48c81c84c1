"""A short, honest measurement of this machine's own mesh, with what each figure means.

It asks what a person asks, through the same door, and changes nothing that is kept. What cannot be
measured here is said with its reason, never as a number.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from common.errors import PostDevAIError

if TYPE_CHECKING:
    from developer_node.front.local_client import LocalClient

TIMES = 20
"""Calls of each kind; the first is left out, it pays for connections and plans."""
WORD = "def"
"""Occurs in code of most languages, or is not found; either is a search."""
TOKENS = 64


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement."""

    name: str
    means: str
    unit: str
    median: float | None = None
    """None when it could not be measured."""
    worst: float | None = None
    times: int = 0
    why_not: str = ""


async def measure(client: LocalClient, saying: Callable[[str], None]) -> AsyncIterator[Figure]:
    """The figures, as they come."""
    from common.model.lake import HistoryQuery, SearchQuery

    calls: tuple[tuple[str, str, Callable[[], Awaitable[object]]], ...] = (
        ("status", "the laptop's daemon answers from its own memory", client.status),
        (
            "recall",
            "what is remembered about the last failure, from the Dragon",
            lambda: client.recall(last=True),
        ),
        (
            "search",
            f"ten places for the word {WORD!r}, by words and by meaning",
            lambda: client.search(SearchQuery(WORD, "fused", 10)),
        ),
        (
            "literal",
            f"the exact text {WORD!r} in every indexed file, at most 10 lines",
            lambda: client.search(SearchQuery(WORD, "literal", 10)),
        ),
        (
            "history",
            "the newest fifty events",
            lambda: client.history(HistoryQuery(limit=50)),
        ),
    )
    for name, means, call in calls:
        saying(f"measuring {name}")
        yield await _timed(name, means, call)
    saying("measuring words a second")
    yield await _speaking(client)


async def _timed(name: str, means: str, call: Callable[[], Awaitable[object]]) -> Figure:
    taken: list[float] = []
    try:
        await call()
        for _ in range(TIMES):
            began = time.perf_counter()
            await call()
            taken.append((time.perf_counter() - began) * 1000)
    except PostDevAIError as error:
        return Figure(name, means, "ms", why_not=error.message)
    return Figure(name, means, "ms", median(taken), max(taken), len(taken))


async def _speaking(client: LocalClient) -> Figure:
    """A question that is asked like any other; no text of it is kept."""
    from common.model.answer import AskEnd, AskPassages, AskRequest, AskText

    name, means = "tokens", "pieces of words a second, from the first to the last of an answer"
    first = last = 0.0
    pieces = 0
    why = "no model spoke"
    try:
        async for part in client.ask(AskRequest("What does this code do?", "", TOKENS)):
            match part:
                case AskPassages():
                    why = part.without_model or why
                case AskText():
                    last = time.perf_counter()
                    first = first or last
                    pieces += 1
                case AskEnd():
                    break
    except PostDevAIError as error:
        return Figure(name, means, "1/s", why_not=error.message)
    if pieces < 2 or last <= first:
        return Figure(name, means, "1/s", why_not=why)
    return Figure(name, means, "1/s", (pieces - 1) / (last - first), None, 1)
