"""Carries what one request gets from the thread that makes it to the coroutine that reads it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import replace

from common.errors import PostDevAIError
from common.model.llm import Generated
from dragon_node.inference.scheduling.waiters import anew

PIECE_BYTES = 512 << 10
"""A piece that is handed out, about: far below what one message may have."""
FIELD_BYTES = 16
"""What a likelihood takes in a message, beside its word."""


class Mailbox:
    """Bounded without blocking the maker: pieces that wait are joined into few.

    It therefore holds at most what one request's max_tokens say, and a slow reader delays neither
    the other requests nor the end of its own.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._lock = threading.Lock()
        self._pieces: list[Generated] = []
        self._ended = False
        self._error: PostDevAIError | None = None

    def put(self, piece: Generated) -> None:
        """From the maker's thread: more. What says nothing is not passed on."""
        if not (
            piece.text or piece.reasoning or piece.tool_calls or piece.logprobs or piece.instead
        ):
            return
        with self._lock:
            self._pieces.append(piece)
        self._notify()

    def end(self, last: Generated) -> None:
        """From the maker's thread: the last piece, with `finish` and the counts."""
        with self._lock:
            self._pieces.append(last)
            self._ended = True
        self._notify()

    def fail(self, error: PostDevAIError) -> None:
        """From the maker's thread: there will be no more, and why."""
        with self._lock:
            self._error = error
        self._notify()

    async def pieces(self, model: str = "") -> AsyncGenerator[Generated]:
        """Pieces as they come; the last has `finish`. Raises what the maker failed with, after
        what was made before. `model` names those that do not say who made them."""
        while True:
            await self._news.wait()
            self._news.clear()
            with self._lock:
                waiting, self._pieces = self._pieces, []
                ended, error = self._ended, self._error
            for joined in portions(waiting):
                yield joined if joined.model else replace(joined, model=model)
            if error is not None:
                raise anew(error)
            if ended:
                return

    def _notify(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._news.set)
        except RuntimeError:
            return  # the loop is closed: nobody reads any more


def join(pieces: Sequence[Generated]) -> Generated:
    """One piece that says what they say, with the counts of the last."""
    if len(pieces) == 1:
        return pieces[0]
    return replace(
        pieces[-1],
        text="".join(p.text for p in pieces),
        reasoning="".join(p.reasoning for p in pieces),
        tool_calls=tuple(call for p in pieces for call in p.tool_calls),
        logprobs=tuple(logprob for p in pieces for logprob in p.logprobs),
        instead=next((p.instead for p in pieces if p.instead), ""),
    )


def portions(pieces: Sequence[Generated]) -> Iterator[Generated]:
    """As few as may be that say what they say, each of about PIECE_BYTES at most. Only a tool call
    is never divided."""
    joined: list[Generated] = []
    joined_bytes = 0
    for piece in (part for whole in pieces for part in divided(whole)):
        size = bytes_of(piece)
        if joined and joined_bytes + size > PIECE_BYTES:
            yield join(joined)
            joined, joined_bytes = [], 0
        joined.append(piece)
        joined_bytes += size
    if joined:
        yield join(joined)


def divided(piece: Generated) -> Iterator[Generated]:
    """Itself, unless it is too large by itself: what was held back comes all at once."""
    if bytes_of(piece) <= PIECE_BYTES:
        yield piece
        return
    blank = Generated("", model=piece.model)
    yield replace(blank, instead=piece.instead)
    yield from (replace(blank, reasoning=part) for part in _cut(piece.reasoning))
    yield from (replace(blank, text=part) for part in _cut(piece.text))
    yield from (replace(blank, tool_calls=(call,)) for call in piece.tool_calls)
    yield from (replace(blank, logprobs=(logprob,)) for logprob in piece.logprobs)
    yield replace(piece, text="", reasoning="", tool_calls=(), logprobs=(), instead="")


def bytes_of(piece: Generated) -> int:
    """About what it takes in a message."""
    said = _utf8(piece.text) + _utf8(piece.reasoning) + _utf8(piece.instead)
    calls = sum(_utf8(c.id) + _utf8(c.name) + _utf8(c.arguments) for c in piece.tool_calls)
    words = [w.token for t in piece.logprobs for w in (t, *t.top)]
    return said + calls + sum(FIELD_BYTES + _utf8(word) for word in words)


def _utf8(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _cut(text: str) -> Iterator[str]:
    most = PIECE_BYTES // 4  # characters: none takes more than four bytes
    return (text[at : at + most] for at in range(0, len(text), most))
