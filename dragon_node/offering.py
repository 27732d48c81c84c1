"""Tells the Coordinator what this Dragon holds: projects, models, and whom it follows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from common.model.llm import ModelList
from common.model.node import NodeOffer
from dragon_node.replica.succession import Place

LOOK_S = 1.0
"""Between two looks at what is held."""
PROJECTS_MAX, MODELS_MAX = 1_024, 64
"""So many are told; a lake with more is asked for the others all the same."""
SENTENCE_CHARS_MAX = 500
LOADED = "loaded"
ON_DISK = ("ready", "loading", LOADED)


async def follow_offer(
    tell: Callable[[NodeOffer], None],
    projects: Callable[[], Sequence[str]],
    catalog: Callable[[], Awaitable[ModelList]],
    place: Callable[[], Place],
    look_s: float = LOOK_S,
    hidden: Callable[[], Sequence[str]] = tuple,
) -> None:
    """Until cancelled. What has not changed is not sent again.

    `place` gives whom it follows and who may take its place; `hidden` the projects of which a copy
    is kept out of sight.
    """
    while True:
        known = (await catalog()).models
        loaded = sorted(model.name for model in known if model.state == LOADED)
        on_disk = sorted(model.name for model in known if model.state in ON_DISK)
        held = sorted(projects())
        now = place()
        projects_told, models_told = tuple(held[:PROJECTS_MAX]), tuple(loaded[:MODELS_MAX])
        hidden_told = tuple(sorted(hidden())[:PROJECTS_MAX])
        tell(
            NodeOffer(
                projects_told,
                models_told,
                now.follows,
                now.behind,
                now.followers,
                hidden_told,
                tuple(on_disk[:MODELS_MAX]),
                now.in_the_way[:SENTENCE_CHARS_MAX],
                now.first_lsn,
            )
        )
        await asyncio.sleep(look_s)
