"""A developer node whose local API answers from a script."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from common.daemon.home import Home
from common.daemon.lifecycle import Running, run_daemon
from common.model.lake import LakeStats
from common.model.laptop import LaptopStatus
from common.model.llm import Model
from tests.support.local_api import FRESH, Script, open_api
from tests.support.rehearsed import node

LAKE = LakeStats(1, 2, True, "tmpfs", "/lake", 3, 4, chunks=5, freshness=FRESH)
NO_VECTORS = replace(LAKE, freshness=replace(FRESH, vectors_share=0.0))
SCENES = {
    "": LaptopStatus(lake=LAKE),
    "model missing": LaptopStatus(
        lake=NO_VECTORS, models=(Model("bge-small", "embedding", "missing"),)
    ),
    "model arriving": LaptopStatus(
        lake=NO_VECTORS, models=(Model("bge-small", "embedding", "arriving", 0.4),)
    ),
}
"""What REHEARSED_SCENE chooses from."""


@asynccontextmanager
async def serving(home: Home, asked_join: node.Path | None) -> AsyncGenerator[Running]:
    """The empty node, and the API."""
    script = Script(SCENES[os.environ.get("REHEARSED_SCENE", "")])
    async with node.empty("developer", home, asked_join), open_api(home, script) as extra:
        yield Running(extra["socket"], extra)


def main() -> int:
    """As `developer-node` takes its words."""
    asked = node.parse(node.argv())
    home = Home.from_env(asked.home)
    return run_daemon(
        "developer",
        home,
        lambda: serving(home, asked.join_file),
        grace_s=5,
        die_with_parent=asked.die_with_parent,
    )


sys.exit(main())
