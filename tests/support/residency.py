"""A lake with many projects, each with a file that only it has."""

from __future__ import annotations

from collections.abc import Sequence

from common.model.ids import ContentHash, WorkingCopyId
from common.model.lake import HistoryQuery, LakeStats, ProjectStats, SearchQuery
from dragon_node.lake.lake import Lake
from tests.support.lake import Laptop, contents, event, saved, seen

FILLER = "".join(f"value_{i} = {i * 7919 % 10_007}\n" for i in range(60))


def copy_of(number: int) -> WorkingCopyId:
    """A project's only working copy."""
    return WorkingCopyId(f"{number:016x}")


def name_of(number: int) -> str:
    """The project's name."""
    return f"thing{number}"


def text_of(number: int, version: int = 0) -> str:
    """What its file holds."""
    return f"def only_in_{number}_{version}():\n    return {number}\n{FILLER}"


async def make_project(laptop: Laptop, number: int, version: int = 0, files: int = 1) -> None:
    """Describes it and saves its files."""
    copy = copy_of(number)
    described = seen(
        f"/home/ada/{name_of(number)}",
        (f"github.com/ada/{name_of(number)}",),
        (f"root{number}",),
        files=files,
    )
    texts = [text_of(number, version) + f"# {i}\n" for i in range(files)]
    bodies = [event(saved(f"m{i}.py", text), copy) for i, text in enumerate(texts)]
    await laptop.send(event(described, copy), *bodies, blobs=contents(*texts))


async def has(lake: Lake, number: int, version: int = 0) -> bool:
    """Asked for by name, it has its file."""
    q = SearchQuery(f"only_in_{number}_{version}(", mode="literal", project=name_of(number))
    return [hit.path for hit in (await lake.literal(q)).hits][:1] == ["m0.py"]


async def states(lake: Lake) -> dict[str, str]:
    """Where each project is."""
    return {p.name: p.state for p in await kept(lake)}


async def kept(lake: Lake) -> Sequence[ProjectStats]:
    """Every project that has a name."""
    return [p for p in (await lake.stats()).kept if p.name]


async def event_ids(lake: Lake, project: str = "") -> list[str]:
    """Every event, newest first."""
    page = await lake.history(HistoryQuery(limit=1_000, project=project))
    return [entry.event.id for entry in page.entries]


def adds_up(stats: LakeStats) -> bool:
    """What takes the room is all that there is."""
    return sum(store.bytes for store in stats.stores) == stats.bytes


def hash_of(text: str) -> ContentHash:
    """Its name."""
    return next(iter(contents(text)))
