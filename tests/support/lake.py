"""A lake to test with: events that say little, and a laptop that sends them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from common.model.event import Body, CommandFinished, Event, FileChanged, Output, WorkingCopySeen
from common.model.ids import (
    ContentHash,
    NodeId,
    Origin,
    WorkingCopyId,
    content_hash,
    new_event_id,
)
from common.wire.nouns import event_to_bytes
from dragon_node.ingest.chunking import chunk
from dragon_node.lake.intake import Journalled
from dragon_node.lake.lake import Lake
from dragon_node.lake.lead import Lead
from dragon_node.lake.ramdisk import PlainDirectory, RamDisk
from dragon_node.lake.records import Applier

NODE = NodeId("1" * 16)
ORIGIN = Origin("a" * 32)
COPY = WorkingCopyId("2" * 16)
OTHER_COPY = WorkingCopyId("3" * 16)
BUDGET = 256 << 20


def event(body: Body, copy: WorkingCopyId = COPY, at_ms: int = 1_000) -> Event:
    """An event with an identity of its own."""
    return Event(new_event_id(), at_ms, copy, body)


def seen(
    path: str = "/home/ada/thing",
    remotes: tuple[str, ...] = ("github.com/ada/thing",),
    roots: tuple[str, ...] = ("root1",),
    **more: object,
) -> WorkingCopySeen:
    """A working copy, described."""
    return WorkingCopySeen(path=path, machine="laptop", remotes=remotes, roots=roots, **more)  # type: ignore[arg-type]


def saved(path: str, text: str, **more: object) -> FileChanged:
    """A file with this text."""
    raw = text.encode()
    return FileChanged(path, content=content_hash(raw), size=len(raw), **more)  # type: ignore[arg-type]


def ran(command: str = "pytest", text: str = "") -> CommandFinished:
    """A recorded command."""
    return CommandFinished(command, "/home/ada/thing", (0,), 10, Output(text, len(text), 0))


def contents(*texts: str) -> dict[ContentHash, bytes]:
    """Texts by their hash."""
    return {content_hash(t.encode()): t.encode() for t in texts}


@dataclass(slots=True)
class Laptop:
    """Sends events to a lake, each under the next sequence."""

    lake: Lake
    origin: Origin = ORIGIN
    node: NodeId = NODE
    seq: int = 0

    async def send(
        self, *bodies: Body | Event, blobs: Mapping[ContentHash, bytes] | None = None
    ) -> Journalled:
        """Returns once they are durable and applied."""
        records: list[tuple[int, bytes]] = []
        for body in bodies:
            self.seq += 1
            one = body if isinstance(body, Event) else event(body)
            records.append((self.seq, event_to_bytes(one)))
        return await self.lake.accept(self.origin, self.node, records, blobs or {})

    async def save(self, files: Mapping[str, str], copy: WorkingCopyId = COPY) -> None:
        """Describes the working copy and saves files in it."""
        bodies = [event(saved(path, text), copy) for path, text in files.items()]
        place = "/home/ada/thing" if copy == COPY else "/home/ada/clone"
        await self.send(event(seen(place), copy), *bodies, blobs=contents(*files.values()))


def plain(directory: Path, budget_bytes: int = BUDGET) -> RamDisk:
    """A plain directory, made or found again."""
    directory.mkdir(exist_ok=True)
    disk = PlainDirectory(directory)
    disk.allocate(budget_bytes)
    return disk


@asynccontextmanager
async def opened(
    directory: Path,
    *,
    ram: RamDisk | None = None,
    appliers: Sequence[Applier] = (),
    budget_bytes: int = BUDGET,
    lead: Lead | None = None,
) -> AsyncGenerator[Lake]:
    """A lake in a plain directory."""
    ram = ram or plain(directory, budget_bytes)
    async with Lake.open(
        directory=directory,
        ram=ram,
        budget_bytes=budget_bytes,
        appliers=appliers,
        chunker=chunk,
        lead=lead,
    ) as lake:
        yield lake
