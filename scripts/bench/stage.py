"""A mesh to measure, and a second laptop's connection straight to its Dragon."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from common.clients.membership import Membership
from common.rpc.credentials import NodeIdentity
from tests.support.mesh import Mesh

ROOT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def mesh(**env: str) -> Generator[Mesh]:
    """Not started yet, with these environment variables; stopped at the end."""
    with TemporaryDirectory(prefix="postdevai-bench-") as scratch:
        made = Mesh(Path(scratch) / "home", **env)
        try:
            yield made
        finally:
            made.close()


@asynccontextmanager
async def second_laptop(made: Mesh) -> AsyncGenerator[Membership]:
    """Enrolled with a code of its own."""
    code = await asyncio.to_thread(_invite, made)
    with TemporaryDirectory(prefix="postdevai-bench-laptop-") as scratch:
        identity = await NodeIdentity.open(Path(scratch) / "identity", code=code)
        async with Membership.open(identity, directory=Path(scratch)) as membership:
            yield membership


def _invite(made: Mesh) -> str:
    return subprocess.run(
        [sys.executable, "-m", "coordinator_node", "invite", "developer", "--home", made.home],
        capture_output=True,
        text=True,
        check=True,
        env=made.env,
    ).stdout.split()[-1]
