"""The same work beside each Dragon that has a lane of its own, begun as lanes begin."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable

LOOK_S = 0.5
"""How soon a Dragon that came into use has its work."""


async def beside_each(
    dragons: Callable[[], Iterable[str]], work: Callable[[str], Coroutine[object, object, None]]
) -> None:
    """Until cancelled: `work` for each Dragon that `dragons` names, by its id; it never ends."""
    begun: set[str] = set()
    async with asyncio.TaskGroup() as running:
        while True:
            for dragon in set(dragons()) - begun:
                begun.add(dragon)
                running.create_task(work(dragon))
            await asyncio.sleep(LOOK_S)
