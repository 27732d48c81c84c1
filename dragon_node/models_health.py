"""What health says of the models: that they serve while their thread lives, and no longer."""

from __future__ import annotations

import asyncio

from common.rpc.server import Server
from dragon_node.inference.models import Models

INFERENCE = "postdevai.v1.InferenceService"
LOOK_S = 1.0
"""Between two looks at whether answers can be generated."""


async def follow_models(server: Server, models: Models, look_s: float = LOOK_S) -> None:
    """Until cancelled. Health tells its watchers of a change only."""
    while True:
        await server.say(INFERENCE, serving=not models.fault)
        await asyncio.sleep(look_s)
