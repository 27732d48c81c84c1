"""Many chunks as the product cuts them, from the same pinned wheels. Deterministic."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dragon_node.ingest.chunking import chunk

CHUNKS_A_FILE = 10


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a file under its head."""

    path: str
    head: str
    text: str


def chunks_of(roots: Iterable[Path], number: int) -> list[Chunk]:
    """So many. Where the wheels have fewer, their chunks come again with half of their lines
    drawn from other chunks: frequencies stay those of code, and no two are alike."""
    found = [piece for root in roots for piece in _below(root)]
    draw = random.Random(0)
    while len(found) < number:
        found.append(_mixed(draw.choice(found), draw.choice(found), draw, len(found)))
    return found[:number]


def files_of(chunks: Sequence[Chunk]) -> dict[str, str]:
    """A few chunks in a row become one file."""
    return {
        f"{chunks[i].path.removesuffix('.py')}/{i}.py": "\n\n".join(
            chunk.text for chunk in chunks[i : i + CHUNKS_A_FILE]
        )
        for i in range(0, len(chunks), CHUNKS_A_FILE)
    }


def _below(root: Path) -> Iterator[Chunk]:
    for path in sorted(root.rglob("*.py")):
        text = path.read_text("utf-8", "replace")
        place = path.relative_to(root).as_posix()
        for span in chunk(place, text).spans:
            head = f"{span.symbol}. {place}" if span.symbol else place
            yield Chunk(place, head, text[span.start : span.end])


def _mixed(one: Chunk, other: Chunk, draw: random.Random, number: int) -> Chunk:
    lines: Sequence[str] = [*one.text.splitlines(), *other.text.splitlines()]
    kept = [line for line in lines if draw.random() < 0.5]
    return replace(one, head=f"{one.head} v{number}", text="\n".join(kept))
