"""Work whose end is certain, whatever a library beneath it does with a cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")

AGAIN_S = 0.2


async def cancellable(work: Coroutine[object, object, T]) -> T:
    """What the work returns. When this is cancelled, so is the work, until it has ended.

    asyncio.wait_for of Python 3.11, on which clients of other projects are built, passes over a
    cancellation that comes in the moment of the answer; a loop above it would then go on for ever.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task})
        return task.result()
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=AGAIN_S)
