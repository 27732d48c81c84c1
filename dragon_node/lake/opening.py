"""Opens the rooms of a lake in order, and closes them in the reverse order.

What is durable comes first (keys, journal, generations, vectors on the SSD), then the stores in
memory, brought up to the journal, then what works beside them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from common.alongside import alongside
from common.clock import Clock, SystemClock
from common.daemon.keys import SealingKey
from dragon_node.lake import aliases, metadata, moves
from dragon_node.lake.accountant import Accountant
from dragon_node.lake.admission import Places
from dragon_node.lake.applying import Applying
from dragon_node.lake.contents import Contents
from dragon_node.lake.database import Readers
from dragon_node.lake.forgetting.forgetting import Forgetting
from dragon_node.lake.forgetting.parts import Parts
from dragon_node.lake.forgetting.screening import Screen
from dragon_node.lake.formats import brought_forward, made_ready
from dragon_node.lake.history.retention import OUTPUTS, OutputRule
from dragon_node.lake.intake import Intake
from dragon_node.lake.journal import Journal, Written
from dragon_node.lake.keeping import Keeping
from dragon_node.lake.lead import Lead
from dragon_node.lake.lexicon import Lexicon
from dragon_node.lake.moving import Moving
from dragon_node.lake.nearest import Nearest
from dragon_node.lake.ramdisk import RamDisk
from dragon_node.lake.records import Applier, Chunker
from dragon_node.lake.recovery import lost_journal
from dragon_node.lake.recovery.archive import Archive
from dragon_node.lake.recovery.safekeeping import Safekeeping
from dragon_node.lake.recovery.snapshot import Snapshots
from dragon_node.lake.recovery.transfer import Place
from dragon_node.lake.replication import Replication
from dragon_node.lake.residency import Pins, Residency, last_written
from dragon_node.lake.retaining import Retention
from dragon_node.lake.standing import Standing
from dragon_node.lake.stores import Stores
from dragon_node.lake.vectors.fastscan import FastScanIndex
from dragon_node.lake.vectors.held import MakeIndex

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a lake is opened with."""

    directory: Path
    """HOME/dragon, on the SSD."""
    ram: RamDisk
    budget_bytes: int
    appliers: Sequence[Applier]
    chunker: Chunker
    clock: Clock | None = None
    """The system's, when none is given."""
    key: SealingKey | None = None
    """The directory's own, made at first use, when none is given."""
    outputs: OutputRule = OUTPUTS
    vectors: MakeIndex = FastScanIndex
    lead: Lead | None = None
    """Leads and has no followers, when none is given."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """The rooms of an open lake."""

    ram: RamDisk
    accountant: Accountant
    journal: Journal
    applying: Applying
    stores: Stores
    contents: Contents
    residency: Residency
    safekeeping: Safekeeping
    places: Places
    lexicon: Lexicon
    nearest: Nearest
    intake: Intake
    forgetting: Forgetting
    keeping: Keeping
    replication: Replication
    moving: Moving
    lead: Lead


@asynccontextmanager
async def open_rooms(wanted: Wanted) -> AsyncGenerator[Rooms]:
    """Returns once every file stands where the journal does; what works beside is then running."""
    directory, ram = wanted.directory, wanted.ram
    clock = wanted.clock or SystemClock()
    lead = wanted.lead or Lead()
    async with AsyncExitStack() as stack:
        readers = Readers()
        stack.push_async_callback(readers.close)
        heard: list[Callable[[Written], None]] = []

        def on_written(written: Written) -> None:
            for hear in heard:
                hear(written)

        key = await made_ready(directory, wanted.key)
        begun = await asyncio.to_thread(lost_journal.go_on, directory, ram.path, key)
        journal = await Journal.open(directory / "journal.db", readers, on_written, key)
        stack.push_async_callback(journal.close)
        archive = Archive.open(directory, journal, key)
        archive.recovery.bridging = begun
        for wrong in filter(None, (archive.asleep.damaged, *archive.generations.damaged)):
            log.warning("passed over: %s", wrong)
        nearest = await Nearest.open(
            directory / "embeddings.db", readers, key=key, make=wanted.vectors
        )
        stack.push_async_callback(nearest.close)
        lexicon = Lexicon(ram.path / "words")
        pool = ThreadPoolExecutor(1, thread_name_prefix="lake-measure")
        stack.callback(pool.shutdown)
        accountant = Accountant(ram, wanted.budget_bytes, pool, nearest.sizes)
        stores = Stores(
            ram,
            readers,
            journal,
            (*wanted.appliers, Pins()),
            wanted.chunker,
            lexicon,
            nearest,
            archive.recovery,
            archive.asleep,
            accountant,
            brought_forward,
        )
        stack.push_async_callback(stores.close)
        residency = Residency(
            stores, archive.shelf, archive.asleep, (lexicon, nearest), accountant, clock
        )
        await accountant.measure()
        await stores.open()
        stack.push_async_callback(lexicon.close)
        memory = stores.memory.database
        places = Places(
            await memory.read(metadata.copies),
            await memory.read(metadata.names),
            await memory.read(aliases.joined),
            await memory.read(moves.moves),
        )
        applying = Applying(stores, ram, accountant.applied)
        await applying.advance(journal.last_lsn)
        residency.remember(await journal.read(last_written))
        contents = Contents(journal, stores)
        screen = Screen(memory)
        intake = Intake(
            journal, applying, contents, accountant, places, clock, residency.touch, screen
        )
        intake.restore(await memory.read(metadata.nodes), await memory.read(metadata.origin_stats))
        heard += [intake.written, applying.take]
        standing = Standing(stores, applying)
        snapshots = Snapshots(archive, standing, journal, clock)
        if begun:  # nobody is served before what the new journal lacks is in a generation
            await snapshots.make(keep=1)
            archive.recovery.bridging = False
        place = Place(directory, key)
        safekeeping = Safekeeping(
            place, archive, snapshots, journal, standing, stores, readers, clock, ram.path
        )
        forgetting = Forgetting(
            Parts(
                journal,
                stores,
                places,
                lexicon,
                nearest,
                archive,
                snapshots,
                accountant,
                intake.until_applied,
                clock,
                directory,
                ram.path,
                key,
            ),
            screen,
            lead,
        )
        # Before the writers: the last to close a file cleans up, and a reader cannot.
        stack.push_async_callback(readers.close)
        stack.push_async_callback(nearest.stop)
        retention = Retention(stores, journal, intake.until_applied, wanted.outputs, clock, lead)
        work = (applying, lexicon, residency, accountant, snapshots, forgetting, retention)
        await stack.enter_async_context(alongside(*(each.run() for each in work)))
        yield Rooms(
            ram,
            accountant,
            journal,
            applying,
            stores,
            contents,
            residency,
            safekeeping,
            places,
            lexicon,
            nearest,
            intake,
            forgetting,
            Keeping(journal, stores, archive, directory, ram.path),
            Replication(journal, intake, forgetting),
            Moving(journal, stores, places, contents, intake, lead, screen),
            lead,
        )
