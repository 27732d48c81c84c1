"""Tasks that were put aside after every attempt failed: nobody tries them again by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from common.daemon.home import Home
from common.errors import PostDevAIError
from common.model.task import Task
from common.short_ids import SHORT
from developer_node.front.doctor.finding import ATTENTION, Finding, Ground

NAMED_MAX = 3
ASKED_MAX = 50
ANSWER_S = 5.0


def dead(ground: Ground) -> Iterator[Finding]:
    """Each by its id, and the commands that show one and let it wait again."""
    aside = ground.dead_tasks
    if not aside:
        return
    named = ", ".join(f"{each.kind} {each.id[:SHORT]}" for each in aside[:NAMED_MAX])
    more = f" and {len(aside) - NAMED_MAX} more" if len(aside) > NAMED_MAX else ""
    what = "A task was" if len(aside) == 1 else f"{len(aside)} tasks were"
    first = aside[0].id[:SHORT]
    yield Finding(
        "tasks-dead",
        f"{what} put aside after every attempt failed: {named}{more}.",
        f"Why: postdevai tasks show {first}. Once that is mended: postdevai tasks retry {first}",
        ATTENTION,
    )


async def asked(home: Home) -> tuple[Task, ...]:
    """Those that are known; none where the mesh cannot be asked, which is said elsewhere."""
    from developer_node.front.local_client import LocalClient

    try:
        async with asyncio.timeout(ANSWER_S):
            async with await LocalClient.connect(home, timeout=ANSWER_S) as client:
                page = await client.tasks.list(("dead",), ASKED_MAX)
    except (PostDevAIError, TimeoutError):
        return ()
    return tuple(each for each in page.tasks if each.state == "dead")
