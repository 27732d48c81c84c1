"""The Coordinators of the mesh, each by what it keeps of itself in the engine.

coordinator/ID = its name and its addresses, for a term: one that is gone ends by itself
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import asdict

from common.backoff import Backoff
from common.errors import PostDevAIError
from common.model.ids import NodeId
from common.model.node import CoordinatorAddress
from coordinator_node.engine.ports import Entry, Kv

log = logging.getLogger(__name__)

PREFIX = "coordinator/"
TERM_S = {"sqlite": 60.0, "nats": 6.0}
"""A file on an SSD is written for life's sake as seldom as that: there is one Coordinator on it."""
LOOK_S = 1.0
"""How often addresses and the others are looked at."""
COORDINATORS_MAX = 16


class Coordinators:
    """This Coordinator and the others."""

    def __init__(
        self,
        kv: Kv,
        term_s: float = TERM_S["sqlite"],
        denied: Callable[[], frozenset[NodeId]] = frozenset,
    ) -> None:
        """`denied`: those that are no longer welcome."""
        self._kv = kv
        self._denied = denied
        self._term_s = term_s
        self._look: Callable[[], CoordinatorAddress] | None = None
        self._own = CoordinatorAddress("")
        self._said_at = 0.0
        self._others: tuple[CoordinatorAddress, ...] = ()
        self._met = asyncio.Event()

    @property
    def own_id(self) -> str:
        """Of this Coordinator; empty before it serves."""
        return _id(self._own.identity)

    def all(self) -> tuple[CoordinatorAddress, ...]:
        """Every Coordinator that is welcome, this one first."""
        own = (self._own,) if self._own.identity else ()
        return self._welcome((*own, *self._others))

    def others(self) -> tuple[CoordinatorAddress, ...]:
        """Those that are there beside this one."""
        return self._welcome(self._others)

    def is_there(self, coordinator: str) -> bool:
        """Whether another Coordinator is there, by its id."""
        return any(_id(each.identity) == coordinator for each in self.others())

    async def until_others(self) -> None:
        """Returns once another Coordinator was seen."""
        await self._met.wait()

    async def serve(self, look: Callable[[], CoordinatorAddress]) -> None:
        """From now on this one is there, where `look` says that it is now."""
        self._look = look
        self._own = look()
        await self._say_and_read()

    async def keep(self) -> None:
        """Stays in the list, and follows its own addresses and the others, until cancelled."""
        backoff = Backoff()
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self._say_and_read()
                backoff.reset()
            except PostDevAIError as error:
                log.warning("the list of Coordinators cannot be used: %s", error.message)
                await asyncio.sleep(backoff.next_s())

    async def leave(self) -> None:
        """Is there no longer; who cannot say so is forgotten after its term."""
        if self._own.identity:
            try:
                await self._kv.remove(PREFIX + self.own_id)
            except PostDevAIError as error:
                log.info("could not take leave: %s", error.message)

    def _welcome(self, known: tuple[CoordinatorAddress, ...]) -> tuple[CoordinatorAddress, ...]:
        denied = self._denied()
        return tuple(each for each in known if _id(each.identity) not in denied)

    async def _say_and_read(self) -> None:
        assert self._look is not None
        now, own = asyncio.get_running_loop().time(), self._look()
        if own != self._own or not self._said_at or now - self._said_at > self._term_s / 3:
            if own != self._own:
                log.info("addresses are now %s", ", ".join(own.addresses))
            self._own = own
            value = json.dumps(asdict(own)).encode()
            await self._kv.put(PREFIX + self.own_id, value, term_s=self._term_s)
            self._said_at = now
        entries = await self._kv.entries(PREFIX)
        others = (each for entry in entries if (each := _read(entry)) is not None)
        self._others = tuple(each for each in others if each.identity != own.identity)
        self._others = self._others[: COORDINATORS_MAX - 1]
        if self._others:
            self._met.set()


async def there_now(kv: Kv) -> tuple[CoordinatorAddress, ...]:
    """Those that have said so within their term, for who does not serve."""
    entries = await kv.entries(PREFIX)
    return tuple(each for entry in entries if (each := _read(entry)) is not None)


def _read(entry: Entry) -> CoordinatorAddress | None:
    try:
        said = json.loads(entry.value)
        return CoordinatorAddress(
            said["identity"], tuple(said["addresses"]), tuple(said["enrolment_addresses"])
        )
    except (ValueError, TypeError, KeyError):
        log.warning("%s cannot be read", entry.key)
        return None


def _id(uri: str) -> str:
    return uri.rpartition("/")[2]
