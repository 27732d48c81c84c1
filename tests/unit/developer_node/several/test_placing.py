"""Each working copy's records wait in the lane of the Dragon where its project is placed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from common.errors import Unavailable
from common.model.event import CommandFinished, Event, FileChanged, WorkingCopySeen
from common.model.ids import WorkingCopyId, new_event_id
from common.placing import evident_project
from developer_node.outbox.outbox import Outbox
from developer_node.several.placing import Placing

COPY, OTHER = WorkingCopyId("1" * 16), WorkingCopyId("2" * 16)
FAR = "f" * 16


@dataclass
class Coordinator:
    """Where projects go; every project that is not named goes home."""

    at: dict[str, str] = field(default_factory=dict[str, str])
    away: bool = False
    asked: int = 0

    async def ask(self, project: str) -> str:
        self.asked += 1
        if self.away:
            raise Unavailable("no Coordinator")
        return self.at.get(project, "")


def seen(copy: WorkingCopyId, remote: str) -> Event:
    body = WorkingCopySeen(path=f"/code/{remote}", machine="laptop", remotes=(remote,))
    return Event(new_event_id(), 1_000, copy, body)


def ran(copy: WorkingCopyId) -> Event:
    return Event(new_event_id(), 1_000, copy, CommandFinished("make", "/code", (0,), 1))


def project(event: Event) -> str:
    assert isinstance(event.body, WorkingCopySeen)
    return evident_project(event.working_copy, event.body)


async def recorded(placing: Placing, outbox: Outbox, *events: Event) -> None:
    async with placing.turn:
        marks = await placing.decide(events)
        await outbox.append([(event, {}) for event in events], marks)


async def lasts(outbox: Outbox) -> dict[str, int]:
    lanes = outbox.lanes.items()
    others = {dragon: (await lane.position()).last for dragon, lane in lanes}
    return {"": (await outbox.position()).last, **others}


async def test_a_project_that_is_placed_elsewhere_waits_in_a_lane_of_its_own(
    tmp_path: Path,
) -> None:
    here, there = seen(COPY, "host/a/here"), seen(OTHER, "host/a/there")
    coordinator = Coordinator({project(there): FAR})
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        placing = Placing(outbox, coordinator.ask)
        await placing.open()
        await recorded(placing, outbox, here, there, ran(OTHER), ran(COPY), ran(WorkingCopyId("")))
        assert await lasts(outbox) == {"": 3, FAR: 2}
        assert outbox.lanes[FAR].origin != outbox.origin


async def test_it_is_asked_once_and_known_after_a_start_without_a_coordinator(
    tmp_path: Path,
) -> None:
    there = seen(OTHER, "host/a/there")
    coordinator = Coordinator({project(there): FAR})
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        placing = Placing(outbox, coordinator.ask)
        await placing.open()
        await recorded(placing, outbox, there)
        await recorded(placing, outbox, there)
        origin = outbox.lanes[FAR].origin
    assert coordinator.asked == 1
    coordinator.away = True
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        placing = Placing(outbox, coordinator.ask)
        await placing.open()
        await recorded(placing, outbox, there, ran(OTHER))
        assert await lasts(outbox) == {"": 0, FAR: 4}
        assert outbox.lanes[FAR].origin == origin


async def test_without_anybody_to_ask_it_is_recorded_at_home(tmp_path: Path) -> None:
    there = seen(OTHER, "host/a/there")
    coordinator = Coordinator({project(there): FAR}, away=True)
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        placing = Placing(outbox, coordinator.ask)
        await placing.open()
        await recorded(placing, outbox, there, ran(OTHER))
        assert await lasts(outbox) == {"": 2}


async def test_what_was_recorded_before_there_was_a_choice_stays_at_home(tmp_path: Path) -> None:

    there = seen(OTHER, "host/a/there")
    coordinator = Coordinator({project(there): FAR})
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        file = Event(new_event_id(), 1_000, OTHER, FileChanged("a.py", git_blob="1" * 40))
        await outbox.append([(file, {})])
        placing = Placing(outbox, coordinator.ask)
        await placing.open()
        await recorded(placing, outbox, there)
        assert await lasts(outbox) == {"": 2}
        assert placing.placements[OTHER].project == project(there)


async def test_two_laptops_place_one_repository_under_one_id(tmp_path: Path) -> None:
    assert project(seen(COPY, "GitHub.com/a/b".lower())) == project(seen(OTHER, "github.com/A/b"))
