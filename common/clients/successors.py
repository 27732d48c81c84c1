"""Who leads now what another Dragon led: what was meant for that one goes to this one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from common.errors import PostDevAIError
from common.model.node import Route


class Successors:
    """Asked for where a Dragon is missed, and remembered while the Coordinator is away."""

    def __init__(self, ask: Callable[[str], Awaitable[str]]) -> None:
        """`ask` gives the id of a Dragon's successor, empty for none; it raises where nobody can
        say."""
        self._ask = ask
        self._known: dict[str, str] = {}

    async def find(self, identity: str, routes: tuple[Route, ...]) -> tuple[Route, ...]:
        """The ways to the Dragon of that identity, or to the one that leads since what it led."""
        return at(identity, routes) or at(await self._leader(identity), routes)

    def known(self, identity: str, routes: tuple[Route, ...]) -> tuple[Route, ...]:
        """The same, without asking anybody."""
        return at(identity, routes) or at(self._known.get(identity, ""), routes)

    async def _leader(self, identity: str) -> str:
        mesh, _, node = identity.rpartition("/")
        try:
            leader = await self._ask(node)
        except PostDevAIError:
            return self._known.get(identity, "")
        self._known[identity] = f"{mesh}/{leader}" if leader else ""
        return self._known[identity]


def at(identity: str, routes: tuple[Route, ...]) -> tuple[Route, ...]:
    """Those that lead to it."""
    return tuple(each for each in routes if each.identity == identity)
