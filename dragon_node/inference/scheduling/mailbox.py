"""Carries what one request gets from the thread that makes it to the coroutine that reads it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator

from common.errors import PostDevAIError
from common.model.llm import Generated


class Mailbox:
    """Bounded without blocking the maker: pieces that wait are joined into one.

    It therefore holds at most the text of one request's max_tokens, and a slow reader delays
    neither the other requests nor the end of its own.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._lock = threading.Lock()
        self._text = ""
        self._end: Generated | None = None
        self._error: PostDevAIError | None = None

    def put(self, text: str) -> None:
        """From the maker's thread: more text."""
        with self._lock:
            self._text += text
        self._notify()

    def end(self, last: Generated) -> None:
        """From the maker's thread: the last piece."""
        with self._lock:
            self._end = last
        self._notify()

    def fail(self, error: PostDevAIError) -> None:
        """From the maker's thread: there will be no more, and why."""
        with self._lock:
            self._error = error
        self._notify()

    async def pieces(self, model: str) -> AsyncGenerator[Generated]:
        """Pieces as they come; the last has `finish`. Raises what the maker failed with."""
        while True:
            await self._news.wait()
            self._news.clear()
            with self._lock:
                text, end, error = self._text, self._end, self._error
                self._text = ""
            if error is not None:
                raise error
            if end is not None:
                yield Generated(
                    text + end.text,
                    end.finish,
                    end.prompt_tokens,
                    end.completion_tokens,
                    model,
                )
                return
            if text:
                yield Generated(text, model=model)

    def _notify(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._news.set)
        except RuntimeError:
            return  # the loop is closed: nobody reads any more
