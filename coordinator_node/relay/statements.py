"""What the owner has signed about sealing keys: kept and handed out, never judged here."""

from __future__ import annotations

from common.errors import Invalid
from common.model.node import Identity
from common.rpc.sealed.statement import STATEMENT_CHARS_MAX
from coordinator_node.engine.ports import Kv

PREFIX = "sealing/"


class Statements:
    """One of each node, in the engine; a copy at hand for every Resolve."""

    def __init__(self, kv: Kv) -> None:
        self._kv = kv
        self._known: dict[str, str] = {}

    async def refresh(self) -> None:
        """Reads what other Coordinators were told."""
        entries = await self._kv.entries(PREFIX)
        self._known = {entry.key: entry.value.decode() for entry in entries}

    async def keep(self, node: Identity, statement: str) -> None:
        """Replaces the node's."""
        if len(statement) > STATEMENT_CHARS_MAX or not statement.isascii():
            raise Invalid("the statement is too long, or none", field="statement")
        await self._kv.put(_key(node), statement.encode())
        self._known[_key(node)] = statement

    def of(self, node: Identity) -> str:
        """The node's; empty when nothing was signed."""
        return self._known.get(_key(node), "")


def _key(node: Identity) -> str:
    return f"{PREFIX}{node.role}/{node.id}"
