"""A refusal as a person meets it: one sentence, what to do next, and the right exit code."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from common.errors import PostDevAIError
from developer_node.front.output_page import plain

if TYPE_CHECKING:
    from common.daemon.home import Home
    from developer_node.front.local_client import LocalClient

DONE = 0
NO = 1
INTERRUPTED = 130


def refuse(error: PostDevAIError) -> int:
    """Says it on stderr; the exit code that the contract gives to this meaning."""
    from common.daemon.lifecycle import EXIT_CODES

    message = error.message.strip() or type(error).__name__
    first = message.split(maxsplit=1)[0].rstrip(":,.;")
    if first.isalpha():  # else it is a name, such as qwen3-4b, and stays as it is written
        message = message[:1].upper() + message[1:]
    sys.stderr.write(plain(message) + "\n")
    if error.hint:
        sys.stderr.write(plain(f"  {error.hint}") + "\n")
    return next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind))


def with_client(use: Callable[[LocalClient], Awaitable[int]], home: Home) -> int:
    """Runs one use of the local API to its end; Ctrl-C cancels it, as far as to the model."""

    import asyncio

    async def run() -> int:
        from developer_node.front.local_client import LocalClient

        async with await LocalClient.connect(home) as client:
            return await use(client)

    try:
        return asyncio.run(run())
    except KeyboardInterrupt:
        sys.stderr.write("\nCancelled.\n")
        return INTERRUPTED
