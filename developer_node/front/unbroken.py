"""A connection that breaks under a call is a refusal, not the end of the task that waits for it.

gRPC raises CancelledError in a call whose channel is closed under it. Textual takes one that leaves
a message handler as the end of the app, a task group takes it as the quiet end of a task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from common.errors import Unavailable


@contextmanager
def unbroken() -> Generator[None, None, None]:
    """A cancellation that nobody asked this task for, as Unavailable."""
    try:
        yield
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise Unavailable(
            "The connection to the laptop's daemon broke.", hint="postdevai status"
        ) from None
