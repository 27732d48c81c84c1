"""A process that claims one task of its mesh and never ends it: what a test kills.

python -m tests.support.task_worker IDENTITY_DIRECTORY
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from common.clients.tasks import TasksClient
from common.model.task import Task
from common.rpc.credentials import NodeIdentity
from common.worker import Step, Steps, Worker
from tests.support.small_mesh import open_member


async def endless(task: Task) -> Steps:
    """Says that it has begun."""
    sys.stdout.write(f"begun {task.id}\n")
    sys.stdout.flush()
    yield Step("for ever", 0.1)
    await asyncio.Event().wait()


async def main(directory: Path) -> None:
    """Until it is killed."""
    identity = await NodeIdentity.open(directory)
    async with (
        open_member(identity, directory) as membership,
        Worker(TasksClient(membership), {"snapshot": endless}).working(),
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
