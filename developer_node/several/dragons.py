"""Which Dragons there are, and one question put to each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from common.clock import Clock, SystemClock
from common.errors import Missing, PostDevAIError
from common.model.node import Capability, Node, Route, id_in

T = TypeVar("T")
C = TypeVar("C")

LOOK_S = 30.0
"""How often the Coordinator is asked which Dragons are gone."""
LOOK_MOST_S = 1.0
"""A question waits no longer for that."""


class Mesh(Protocol):
    """What the Coordinator says."""

    async def resolve(self, capability: Capability) -> tuple[Route, ...]: ...
    async def nodes(self) -> tuple[Node, ...]: ...


@dataclass(frozen=True, slots=True)
class Answers(Generic[T]):
    """What the Dragons said, in the order of the mesh."""

    given: tuple[tuple[str, T], ...]
    """Identity and answer."""
    absent: tuple[str, ...]
    """A sentence for each Dragon that did not answer; an answer with any is partial."""


class Dragons:
    """Those that serve, and those that are gone with projects of theirs."""

    def __init__(self, mesh: Mesh, clock: Clock | None = None) -> None:
        self._mesh = mesh
        self._clock = clock or SystemClock()
        self._gone: tuple[Node, ...] = ()
        self._looked_s: float | None = None
        self._served: frozenset[str] = frozenset()

    async def serving(self) -> tuple[str, ...]:
        """Identities, best first; Unavailable when there is none."""
        return tuple(route.identity for route in await self._mesh.resolve("lake"))

    async def are_several(self) -> bool:
        """Whether one of them alone would leave something out."""
        serving = await self.serving()
        return len(serving) + len(await self.away(serving)) > 1

    async def ask(
        self, to: Callable[[str], C], question: Callable[[C], Awaitable[T]]
    ) -> Answers[T]:
        """Every one that serves is asked at once.

        That one has no such thing counts as no answer and no absence, unless all say so: then it
        is raised. When none answers, the first refusal is.
        """
        serving = await self.serving()
        asked = [_answer(question(to(each))) for each in serving]
        said, away = await asyncio.gather(asyncio.gather(*asked), self.away(serving))
        given = tuple(
            (who, each)
            for who, each in zip(serving, said, strict=True)
            if not isinstance(each, PostDevAIError)
        )
        errors = [
            (who, each)
            for who, each in zip(serving, said, strict=True)
            if isinstance(each, PostDevAIError)
        ]
        if not given:
            raise _telling([each for _, each in errors])
        absent = [
            f"{name(who)} did not answer: {each.message}"
            for who, each in errors
            if not isinstance(each, Missing)
        ]
        return Answers(given, (*absent, *(f"{name(each)} is away" for each in away)))

    async def away(self, serving: Sequence[str]) -> tuple[str, ...]:
        """Ids of those that hold projects and do not serve; what one that follows another holds,
        that other has as well."""
        absent = await self._absent(serving)
        return tuple(each.id for each in absent if each.projects and not each.follows)

    async def keeping(self, serving: Sequence[str]) -> tuple[str, ...]:
        """The same with those that keep no more than copies, from which nobody is answered."""
        return tuple(each.id for each in await self._absent(serving))

    async def _absent(self, serving: Sequence[str]) -> list[Node]:
        now_s = self._clock.monotonic()
        if self._served != frozenset(serving):  # who left may hold something
            self._served, self._looked_s = frozenset(serving), None
        if self._looked_s is None or now_s - self._looked_s > LOOK_S:
            self._looked_s = now_s
            try:
                async with asyncio.timeout(LOOK_MOST_S):
                    nodes = await self._mesh.nodes()
            except (PostDevAIError, TimeoutError):
                pass  # what was known of them stands until the Coordinator is back
            else:
                self._gone = tuple(
                    node
                    for node in nodes
                    if node.role == "dragon"
                    and node.state == "gone"
                    and (node.projects or node.hidden)
                )
        ids = set(map(id_in, serving))
        return [each for each in self._gone if each.id not in ids]


def name(identity: str) -> str:
    """A Dragon as people are told of it."""
    return f"Dragon {id_in(identity)[:8]}"


async def _answer(asked: Awaitable[T]) -> T | PostDevAIError:
    try:
        return await asked
    except PostDevAIError as error:
        return error


def _telling(errors: Sequence[PostDevAIError]) -> PostDevAIError:
    """That something is missing is only certain when all say so."""
    return next((each for each in errors if not isinstance(each, Missing)), errors[0])
