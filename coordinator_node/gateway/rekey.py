"""A mesh begun anew with other keys: for when those of the Coordinator are lost or stolen.

The CA, the Coordinator's own key, the enrolment certificate and the ticket keys are made again;
nobody who was let in before is a member any more, and no code is good. Who was seen, where things
were placed and pinned, and who led go by ids that nobody has again: they are forgotten, and the
Dragons tell what they hold when they join. What nodes keep is theirs.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from common.clock import Clock
from coordinator_node.engine.ports import Kv
from coordinator_node.gateway.acts import OWNER
from coordinator_node.gateway.audit import Audit
from coordinator_node.gateway.audit_chain import Act
from coordinator_node.gateway.authority import Authority
from coordinator_node.gateway.enrolment import CODES
from coordinator_node.gateway.members import LEFT
from coordinator_node.gateway.members import PREFIX as MEMBERS
from coordinator_node.gateway.own_identity import OwnIdentity
from coordinator_node.gateway.ticket_keys import KEY as TICKET_KEYS


async def rekey(
    directory: Path, identity: Path, kv: Kv, clock: Clock, *, of_ids: Sequence[str] = ()
) -> Authority:
    """The new CA. `directory` is HOME/coordinator; no Coordinator may run over it. `of_ids` are the
    prefixes of what is kept by a node's id, or names one.

    Interrupted, it is begun again: the old CA goes last of what is old.
    """
    audit = Audit(directory, kv, clock)
    forgotten = 0
    for prefix in (MEMBERS, LEFT, *of_ids, CODES, TICKET_KEYS):
        for entry in await kv.entries(prefix):
            await kv.remove(entry.key)
            forgotten += prefix == MEMBERS
    await asyncio.to_thread(_remove, identity, directory / "authority")
    authority = await asyncio.to_thread(Authority.make, directory / "authority", clock)
    await asyncio.to_thread(OwnIdentity, identity, authority)  # whose the log is from now on
    reason = f"{forgotten} members are none any more"
    await audit.append(Act(OWNER, "rekey", authority.mesh, reason=reason))
    return authority


def _remove(*directories: Path) -> None:
    for each in directories:
        if each.exists():
            shutil.rmtree(each)
