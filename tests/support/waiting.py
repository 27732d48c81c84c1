"""Waiting for what others bring about, where there is no event to wait for."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable

WITHIN_S = 60.0
"""Generous: a machine may be busy. Only a vain wait takes so long."""
LOOK_S = 0.02


async def until(holds: Callable[[], object], within_s: float = WITHIN_S) -> None:
    """Returns once what `holds` gives, or what comes of awaiting it, is true."""
    async with asyncio.timeout(within_s):
        while True:
            found = holds()
            if inspect.isawaitable(found):
                found = await found
            if found:
                return
            await asyncio.sleep(LOOK_S)
