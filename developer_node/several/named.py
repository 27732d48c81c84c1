"""The one Dragon that a person names: by its id, the beginning of it, or its machine."""

from __future__ import annotations

from collections.abc import Sequence

from common.errors import Conflict, Missing
from common.model.node import Node


def named(said: str, nodes: Sequence[Node]) -> Node:
    """Missing when no Dragon is called so, Conflict when several are."""
    dragons = [node for node in nodes if node.role == "dragon"]
    found = [node for node in dragons if node.id.startswith(said)]
    found = found or [node for node in dragons if node.machine == said and node.state != "gone"]
    if not found:
        raise Missing(
            f"no Dragon of this mesh is called {said}", hint="postdevai nodes has their names."
        )
    if len(found) > 1:
        ids = ", ".join(sorted(node.id for node in found))
        raise Conflict(f"{len(found)} Dragons are called {said}: {ids}", hint="Name one by its id.")
    return found[0]
