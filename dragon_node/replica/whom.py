"""Which Dragon a person means with `dragon-node follow --leader ID`."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from common.daemon.home import Home
from common.errors import Conflict, Invalid, Unavailable
from common.model.ids import NodeId
from common.model.node import Node
from common.rpc.certificates import ID_DIGITS
from common.rpc.credentials import NodeIdentity
from common.short_ids import meant
from dragon_node.lake.replication import FROM_A_BACKUP

NOBODY = "none"
_WHOLE = re.compile(rf"[0-9a-f]{{{ID_DIGITS}}}")

Nodes = Callable[[], Awaitable[tuple[Node, ...]]]


async def whom(home: Home, said: str) -> NodeId:
    """The Dragon's whole id, as the Coordinator knows it; a whole id is believed while no
    Coordinator can be asked. Invalid, Missing or Conflict when it is none that can be followed."""
    directory = home.root / "dragon" / "identity"
    if not (directory / "leaf.pem").is_file():
        return _believed(said, "this machine has not joined yet")
    from common.clients.replica import known_nodes

    identity = await NodeIdentity.open(directory)
    try:
        nodes = await known_nodes(identity)
    except Unavailable as error:
        return _believed(said, error.message)
    leader = chosen(said, nodes, identity.identity.id)
    if not (home.root / "dragon" / "journal.db").exists():
        check_beginning(leader, nodes)
    return leader


def chosen(said: str, nodes: tuple[Node, ...], own: NodeId) -> NodeId:
    """The Dragon of that id, or whose id alone begins so."""
    found = meant(said, [each.id for each in nodes if each.role == "dragon"])
    if found == own:
        raise Conflict(
            "this Dragon leads its lake itself",
            hint="Only a Dragon that holds nothing of its own can follow another one.",
        )
    if any(each.put_out for each in nodes if each.id == found):
        raise Conflict(f"the Dragon {found} was put out of the mesh", hint="see `postdevai nodes`")
    return found


def check_beginning(leader: NodeId, nodes: tuple[Node, ...]) -> None:
    """Conflict when the leader's journal does not reach back to its beginning: a Dragon that holds
    nothing yet could copy none of it."""
    first = next((each.first_lsn for each in nodes if each.id == leader), 0)
    if first > 1:
        raise Conflict(
            f"the journal of the Dragon {leader} was cut and begins at record {first:,}, and this "
            "one has nothing before that",
            hint=FROM_A_BACKUP,
        )


def _believed(said: str, why: str) -> NodeId:
    if not _WHOLE.fullmatch(said):
        raise Invalid(
            f"{said[:40]} is no whole id, and nobody can be asked which Dragon is meant: {why}",
            hint="Give all of it, as `postdevai nodes --json` shows it there",
            field="leader",
        )
    return NodeId(said)
