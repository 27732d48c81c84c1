"""Background work that lives as long as a block, and whose failure ends the block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager


@asynccontextmanager
async def alongside(*work: Coroutine[object, object, object]) -> AsyncGenerator[None]:
    """Runs the work beside the block and cancels it at the end.

    When one fails, the block is cancelled and that one error is raised, not a group of one.
    """
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(each) for each in work]
            try:
                yield
            finally:
                for task in running:
                    task.cancel()
    except BaseExceptionGroup as group:
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from None
        raise
