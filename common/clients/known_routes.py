"""The routes that a node was told, so that it asks seldom and works on without a Coordinator."""

from __future__ import annotations

import asyncio

from common.clients.remembered import QUESTIONS_MAX, Remembered, are_alike
from common.clock import Clock
from common.model.node import Capability, Route

FRESH_MS = 60_000
"""A ticket that ends sooner is replaced before it is used."""
KEEP_ROUTES_S = 30.0
"""So old the tickets on disk may be, where nothing else of the routes has changed."""


class KnownRoutes:
    """The last routes of each question, in memory and on disk."""

    def __init__(self, kept: Remembered, clock: Clock) -> None:
        self._kept = kept
        self._clock = clock
        self._routes = kept.routes()
        self._keep_routes_s = 0.0
        """Of the clock that nobody sets: when tickets are written anew."""

    def last(self, question: str) -> tuple[Route, ...]:
        """The last ones, whatever their tickets' age."""
        return self._routes.get(question, ())

    def fresh(self, question: str, now_ms: int) -> tuple[Route, ...]:
        """The last ones; none when one of their tickets is to be replaced."""
        routes = self.last(question)
        fresh_until_ms = now_ms + FRESH_MS
        for route in routes:
            if route.ticket_expires_ms <= fresh_until_ms:
                return ()
        return routes

    async def keep(self, question: str, routes: tuple[Route, ...]) -> None:
        """What the Coordinator has just answered."""
        alike = are_alike(self.last(question), routes)
        self._routes[question] = routes
        self._routes.move_to_end(question)
        while len(self._routes) > QUESTIONS_MAX:
            self._routes.popitem(last=False)
        now_s = self._clock.monotonic()
        if alike and now_s < self._keep_routes_s:
            return
        self._keep_routes_s = now_s + KEEP_ROUTES_S
        await asyncio.to_thread(self._kept.keep_routes, dict(self._routes))


def question_of(capability: Capability, project: str, model: str, task: str) -> str:
    """The name under which the routes to an offer are remembered."""
    return f"{capability} {project} {model}" + (f" {task}" if task else "")
