"""The audit log: read here where the Coordinator's files are, else asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from common.model.audit import AuditCheck, AuditLine

if TYPE_CHECKING:
    from common.daemon.home import Home


async def read(home: Home, since_ms: int) -> tuple[AuditLine, ...]:
    """Lines written since then, oldest first."""
    if is_here(home):
        said = await _run(home, "--since-ms", str(since_ms))
        return tuple(AuditLine(**json.loads(each)) for each in said.splitlines())
    from developer_node.front.local_client import LocalClient

    async with await LocalClient.connect(home) as client:
        return await client.authority.audit(since_ms)


async def verify(home: Home) -> AuditCheck:
    """Whether all of it is there as it was written."""
    if is_here(home):
        return AuditCheck(**json.loads(await _run(home, "--verify")))
    from developer_node.front.local_client import LocalClient

    async with await LocalClient.connect(home) as client:
        return await client.authority.verify()


def is_here(home: Home) -> bool:
    """Whether the Coordinator's files are on this machine."""
    return (home.root / "coordinator" / "authority" / "ca.pem").is_file()


async def _run(home: Home, *words: str) -> str:
    from developer_node.front.up.codes import run_node

    return await run_node("coordinator", "audit", *words, "--home", str(home.root))
