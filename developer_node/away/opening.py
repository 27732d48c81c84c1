"""Puts the room together: what stands in front of the Dragon's clients on this laptop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from common.alongside import alongside
from common.clock import Clock
from common.daemon.keys import sealing_key
from common.model.lake import KeptItem
from common.model.laptop import NearStatus, WatchedRepository
from developer_node.away.answers import ANSWERS_MAX, Answers
from developer_node.away.assistant import NearAssistant
from developer_node.away.lake import NearLake
from developer_node.away.places import Places
from developer_node.away.ports import Assistant, Lake, Mirror, Waiting
from developer_node.away.presence import Presence
from developer_node.away.refusing import Desk, NearDesk
from developer_node.away.searching import Files, Recorded
from developer_node.away.settings import AwaySettings, read_settings
from developer_node.away.verdicts import Verdicts

SETTINGS_S = 10.0
"""How often it is looked what is set."""


class Outbox(Recorded, Waiting, Protocol):
    """What waits, and what was recorded of files."""


class Voice(Assistant, Desk, Protocol):
    """All that the Dragon is asked for about cards and questions."""


async def _all() -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Machine:
    """What of this laptop answers are made from."""

    home: Path
    repositories: Callable[[], Sequence[WatchedRepository]]
    outbox: Outbox
    head: Callable[[Path], str]
    redact: Callable[[bytes], bytes]
    clock: Clock
    unmirrored: Callable[[], Awaitable[tuple[str, ...]]] = _all
    """In sentences, of what the mirror is not told."""

    @property
    def directory(self) -> Path:
        """HOME/developer."""
        return self.home / "developer"


class AwayMode:
    """What the composition root uses of this room. Made by `open`."""

    def __init__(
        self,
        machine: Machine,
        dragon: Lake,
        assistant: Voice,
        mirror: Mirror,
        look: Callable[[float], Awaitable[None]],
    ) -> None:
        key = sealing_key(machine.directory)
        clock, outbox = machine.clock, machine.outbox
        self._home = machine.home
        self._mirror = mirror
        self._dragon = assistant
        self._places = Places(machine.redact)
        self._answers = Answers(machine.directory / "answers", key)
        self._settings = AwaySettings()
        self.presence = Presence(look, clock)
        self.desk = NearDesk(assistant, self.presence)
        self.verdicts = Verdicts(machine.directory / "verdicts", key, clock)
        files = Files(machine.repositories, outbox, machine.head, machine.redact, self._places)
        here = (mirror, files, self._places, self.verdicts)
        self.lake = NearLake(dragon, self.presence, *here, outbox, clock, machine.unmirrored)
        self.assistant = NearAssistant(
            *(assistant, self.presence, self.lake, *here, self._answers),
            lambda: read_settings(machine.home),
            clock,
        )

    @classmethod
    async def open(
        cls,
        machine: Machine,
        dragon: Lake,
        assistant: Voice,
        mirror: Mirror,
        look: Callable[[float], Awaitable[None]],
    ) -> AwayMode:
        """Reads what an earlier life left. `look` asks the Dragon the smallest thing."""
        return await asyncio.to_thread(cls, machine, dragon, assistant, mirror, look)

    async def run(self) -> None:
        """Looks for the Dragon and tells it what waits, until cancelled."""
        tell = self._dragon.feedback
        async with alongside(
            self.presence.run(),
            self.verdicts.run(tell, self.presence.turned),
            self._read_settings(),
        ):
            await asyncio.Event().wait()

    def status(self) -> NearStatus:
        """The mirror's, and whether questions are answered here."""
        mirror, settings = self._mirror.status(), self._settings
        wrong = settings.sentence if settings.wrong else ""
        said = (mirror.sentence, self.verdicts.sentence, wrong)
        return replace(
            mirror,
            away=self.presence.away,
            away_since_ms=self.presence.since_ms,
            model=(settings.model or settings.endpoint) if settings.endpoint else "",
            verdicts_waiting=len(self.verdicts.waiting),
            sentence=" ".join(s for s in said if s),
        )

    async def forget(self) -> str:
        """Kept answers go, all of them, and where content was seen; in a sentence. Verdicts that
        wait stay: they quote nothing, and one on what is forgotten is refused and dropped."""
        self._places.forget()
        many = await asyncio.to_thread(self._answers.forget)
        return f"{many:,} kept answers forgotten here"

    def kept(self) -> KeptItem:
        """What is kept of answers, for people."""
        many, size = self._answers.kept()
        return KeptItem(
            "answers, for when the Dragon is away",
            str(self._answers.directory),
            many,
            size,
            encrypted=True,
            until=f"until anything is forgotten, or {ANSWERS_MAX} newer ones are kept",
        )

    async def _read_settings(self) -> None:
        """What they say now, for `status`; a question reads them anew."""
        while True:
            self._settings = await asyncio.to_thread(read_settings, self._home)
            await asyncio.sleep(SETTINGS_S)
