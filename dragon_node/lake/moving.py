"""One project's records told to another Dragon, and taken in from one.

They are told out of the project's file, by position, for the journal may have been cut; so what was
forgotten is not told. They are taken in under an origin that is derived from the other journal,
with its positions as sequence: where it stands is where copying goes on, whatever was killed
meanwhile, and an event that is here already changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import apsw

from common.errors import Conflict, Corrupt, Invalid, Missing
from common.model.event import content_hashes
from common.model.ids import ContentHash, NodeId, ProjectId
from common.wire.nouns import event_from_bytes
from dragon_node.lake.admission import Places
from dragon_node.lake.contents import Contents
from dragon_node.lake.forgetting import in_memory, notes
from dragon_node.lake.forgetting.notes import Oblivious
from dragon_node.lake.forgetting.screening import Screen
from dragon_node.lake.history import events
from dragon_node.lake.intake import Intake
from dragon_node.lake.journal import Journal
from dragon_node.lake.lead import Lead
from dragon_node.lake.moves import Arrival, Moves, brought_origin, heard
from dragon_node.lake.records import OUTSIDE, Blobs, Note
from dragon_node.lake.residency import pinned
from dragon_node.lake.stores import Stores

ROWS_MAX = 500
BYTES_MAX = 1 << 20
"""Of the records and contents of one message; one record's contents may be more."""


@dataclass(frozen=True, slots=True)
class Told:
    """Records of one project, by their positions at the Dragon that tells."""

    records: tuple[tuple[int, bytes], ...]
    contents: Blobs


@dataclass(frozen=True, slots=True)
class Holding:
    """What a Dragon that is asked for a project has."""

    journal: str
    name: str
    last_lsn: int
    """Everything up to here is told."""


class Moving:
    """Both sides of a move."""

    def __init__(
        self,
        journal: Journal,
        stores: Stores,
        places: Places,
        contents: Contents,
        intake: Intake,
        lead: Lead,
        screen: Screen,
    ) -> None:
        self._journal = journal
        self._stores = stores
        self._places = places
        self._contents = contents
        self._intake = intake
        self._lead = lead
        self._screen = screen
        self._memory = stores.memory.database

    @property
    def moves(self) -> Moves:
        """What comes and what went."""
        return self._places.moves

    async def holding(self, project: ProjectId) -> Holding:
        """What is here of it, once all that is durable is applied. Missing when nothing is."""
        if project not in self._places.names or not self._stores.knows(project):
            raise Missing(f"there is no project {project} here", field="project")
        last = self._journal.last_lsn
        await self._intake.until_applied(last)
        return Holding(self._journal.id, self._places.names[project], last)

    async def after(self, project: ProjectId, lsn: int) -> Told:
        """What follows a position, as much as one message may hold; nothing at the end."""
        shard = await self._stores.project(project)
        rows = await shard.database.read(partial(events.after, lsn=lsn, limit=ROWS_MAX))
        told: list[tuple[int, bytes]] = []
        contents: dict[ContentHash, bytes] = {}
        size = 0
        for position, raw in rows:
            named = content_hashes(event_from_bytes(raw).body)
            found = await self._found([h for h in named if h not in contents])
            more = len(raw) + sum(map(len, found.values()))
            if told and size + more > BYTES_MAX:
                break
            told.append((position, raw))
            contents |= found
            size += more
        return Told(tuple(told), contents)

    async def forgotten(self, lsn: int) -> list[Note]:
        """What was forgotten here after a position, wherever it was: no laptop may bring it anew.
        Identities and hashes only, each under a name that no other forgetting has."""
        found = await self._memory.read(partial(in_memory.noted_after, lsn=lsn))
        return [
            note
            for at, meant in found
            for note in notes.forget(_elsewhere(meant, f"{self._journal.id[:16]}.{at}"))
        ]

    async def left(self, project: ProjectId) -> list[Note]:
        """Working copies that were this project's and are another one's."""
        shard = await self._stores.project(project)
        copies = await shard.database.read(events.copies)
        gone = (c for c in sorted(copies) if self._places.project_of(c) not in (None, project))
        return [Note("left", {"working_copy": copy}) for copy in gone]

    async def kept_awake(self, project: ProjectId) -> list[Note]:
        """That its owner keeps it awake; nothing when not."""
        if project not in await self._memory.read(pinned):
            return []
        fields = {"project": project, "what": "pin", "source": "pin", "version": "1"}
        return [Note("said", {**fields, "pinned": "yes"})]

    async def hear(self, arrival: Arrival, note: Note) -> None:
        """Takes in what its holder decided; nothing when that is known."""
        self._lead.check()
        match note:
            case Note(kind="forget", fields=fields):
                meant = notes.read(fields)
                if await self._memory.read(partial(in_memory.knows, identity=meant.id)):
                    return
                self._screen.hold_back(meant.secrets)
                stamp = (arrival.project, arrival.name)
                await self._intake.note(note, *stamp)
                await self._until(await self._intake.note(notes.forgot(meant.id)))
            case Note(kind="said", fields={"source": source, "version": version}):
                if await self._memory.read(partial(heard, source=source)) < int(version):
                    await self._until(await self._intake.note(note))
            case Note(kind="left", fields={"working_copy": copy}):
                shard = await self._stores.project(arrival.project)
                if copy in await shard.database.read(_found_copies):
                    stamp = (arrival.project, arrival.name)
                    await self._until(await self._intake.note(note, *stamp))
            case _:
                raise Invalid(f"a note {note.kind!r} does not travel with a project", field="rows")

    async def expect(self, project: ProjectId, holder: NodeId, holding: Holding) -> Arrival:
        """Notes that it comes from there. A project that is here already stays in sight."""
        if project == OUTSIDE:
            raise Conflict("what lies outside any project cannot be moved", field="project")
        if holding.journal == self._journal.id:  # under another name: it was replaced by this one
            raise Conflict(f"this Dragon leads what {holder} held", field="holder")
        origin = brought_origin(holding.journal, project)
        known = self.moves.arrival(project, holder)
        if known is not None and known.origin == origin and not known.whole:
            return known
        hidden = project not in self._places.names or project in self.moves.hidden
        if known is None or known.origin != origin or hidden:
            fields = {"project": project, "name": holding.name, "holder": holder}
            more: dict[str, str] = {"origin": origin, "hidden": "yes" if hidden else ""}
            await self._note("arriving", **fields, **more)
        arrival = self.moves.arrival(project, holder)
        assert arrival is not None
        return arrival

    def at(self, arrival: Arrival) -> int:
        """Up to which position of its holder it is here."""
        return self._intake.position(arrival.origin)

    async def take(self, arrival: Arrival, told: Told) -> int:
        """Makes durable and applies what its holder told; how far it is here."""
        self._lead.check()
        taken = await self._intake.bring(
            arrival.origin,
            arrival.holder,
            (arrival.project, arrival.name),
            told.records,
            told.contents,
        )
        await self._until(taken.lsn)
        return taken.seq

    async def keep(self, contents: Blobs) -> None:
        """Makes contents durable ahead of the records that refer to them."""
        await self._intake.keep(contents)

    async def arrived(self, project: ProjectId) -> None:
        """It is placed here, and whole."""
        await self._note("arrived", project=project)

    async def hand(self, project: ProjectId, to: NodeId) -> None:
        """It is placed there: nobody is answered from it here any more."""
        if (project, to) not in self.moves.handed:
            await self._note("handed", project=project, to=to)

    async def _note(self, kind: str, **fields: str) -> None:
        self._lead.check()
        await self._until(await self._intake.note(Note(kind, fields)))

    async def _until(self, lsn: int) -> None:
        await self._intake.until_applied(lsn)
        await self._lead.agreed(lsn)

    async def _found(self, hashes: list[ContentHash]) -> Blobs:
        found: dict[ContentHash, bytes] = {}
        for content in hashes:
            raw = await self._contents.blob(content)
            if raw is None:
                raise Corrupt(f"content {content}, which a record refers to, is not held")
            found[content] = raw
        return found


def is_of(arrival: Arrival, holding: Holding) -> bool:
    """Whether an arrival was told out of that journal."""
    return arrival.origin == brought_origin(holding.journal, arrival.project)


def _found_copies(db: apsw.Connection) -> set[str]:
    """The working copies whose files are found in a project."""
    return {row[0] for row in db.execute("SELECT working_copy FROM copies")}


def _elsewhere(meant: Oblivious, identity: str) -> Oblivious:
    """As another Dragon is told of it: positions, places and references are this one's."""
    return replace(
        meant,
        id=identity,
        path="",
        lsns=tuple(0 for _ in meant.events),
        contents=(),
        copies=(),
        refusals=(),
    )
