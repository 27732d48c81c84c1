"""The beginning of a node's id stands for all of it, as long as it is one node's alone."""

from __future__ import annotations

from collections.abc import Iterable

from common.errors import Invalid, Missing
from common.model.ids import NodeId

SHORT = 8
"""So many characters are shown."""


def meant(typed: str, ids: Iterable[str]) -> NodeId:
    """The whole id; Missing when no node's begins so, Invalid when more than one's does."""
    wanted = typed.strip().lower()
    known = tuple(dict.fromkeys(ids))
    if wanted in known:
        return NodeId(wanted)
    found = [each for each in known if wanted and each.startswith(wanted)]
    if len(found) > 1:
        raise Invalid(f"{typed} may be {', '.join(found[:4])}", hint="type more of it", field="id")
    if not found:
        raise Missing(f"no node has the id {typed or 'that is empty'}", hint="see postdevai nodes")
    return NodeId(found[0])
