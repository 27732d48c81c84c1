"""Work whose end is certain, whatever a library beneath it does with a cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import TypeVar

T = TypeVar("T")

AGAIN_S = 0.2


async def heeding(work: Awaitable[T]) -> T:
    """What the work returns; CancelledError where this task was cancelled meanwhile, also when the
    work has passed over that.

    asyncio.wait_for of Python 3.11, on which clients of other projects are built, does so in the
    moment of the answer; a loop above it would then go on for ever.
    """
    task = asyncio.current_task()
    assert task is not None
    before = task.cancelling()
    try:
        return await work
    finally:
        if task.cancelling() > before:
            raise asyncio.CancelledError


async def cancellable(work: Coroutine[object, object, T]) -> T:
    """What the work returns. When this is cancelled, so is the work, until it has ended: for loops
    over what may pass over a cancellation and is not `heeding` it."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task})
        return task.result()
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=AGAIN_S)
