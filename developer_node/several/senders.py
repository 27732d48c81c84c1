"""One sender for each lane of the outbox, begun as lanes begin."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from common.clients.lake import LakeClient
from developer_node.outbox.outbox import Outbox
from developer_node.outbox.sender import Sender
from developer_node.several.dragons import name

LOOK_S = 0.5
"""How soon a lane that was begun has a sender."""


class Senders:
    """The home Dragon's sender, and those of others. `run` until cancelled."""

    def __init__(
        self,
        outbox: Outbox,
        home: LakeClient,
        to: Callable[[str], LakeClient],
        *,
        placed: Callable[[], Collection[str]],
        lost: Callable[[], None],
    ) -> None:
        """`to` gives the lake of a Dragon, by its id; `placed` those where something is placed."""
        self._placed = placed
        self._used: list[str] = []
        self._outbox = outbox
        self._to = to
        self._lost = lost
        self._home = Sender(outbox, home, lost=lost)
        self._others: dict[str, Sender] = {}

    @property
    def connected(self) -> bool:
        """Whether everything that is recorded now can be sent."""
        return self._home.connected and all(self._others[each].connected for each in self._used)

    @property
    def sentence(self) -> str:
        """Why something is not sent; empty when all is."""
        said = [self._home.sentence] if self._home.sentence else []
        for dragon in self._used:
            if sentence := self._others[dragon].sentence:
                said.append(f"{name(dragon)}: {sentence}")
        return " ".join(said)

    @property
    def refusal(self) -> str:
        """Why a Dragon takes nothing from here, however long it waits; empty when none says so."""
        said = [self._home.refusal, *(self._others[each].refusal for each in self._used)]
        return " ".join(each for each in said if each)

    async def run(self) -> None:
        """Sends every lane to its Dragon."""
        async with asyncio.TaskGroup() as running:
            running.create_task(self._home.run())
            while True:
                for dragon, lane in self._outbox.lanes.items():
                    if dragon not in self._others:
                        self._others[dragon] = Sender(lane, self._to(dragon), lost=self._lost)
                        running.create_task(self._others[dragon].run())
                self._used = [each for each in self._others if await self._is_used(each)]
                await asyncio.sleep(LOOK_S)

    async def _is_used(self, dragon: str) -> bool:
        """A Dragon that gets nothing more, and has everything, is missed by nobody."""
        if self._others[dragon].connected or dragon in self._placed():
            return True
        at = await self._outbox.lanes[dragon].position()
        return at.first_held <= at.last
