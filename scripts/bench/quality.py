"""How well a question finds its function: docstrings against functions that have lost them."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from common.daemon.home import models_directory
from common.model.ids import Origin
from common.model.lake import SearchQuery
from dragon_node.answer.fusion import WORDS_WEIGHT, Candidates, fuse
from dragon_node.answer.gathering import Gathering, Lists
from dragon_node.answer.why import Asked
from dragon_node.inference.opened import open_models
from dragon_node.ingest.embedding import EmbeddingLoop
from dragon_node.lake.lake import Lake
from dragon_node.lake.records import ChunkRef
from scripts.bench.material import ecmascript, wheels
from scripts.bench.material.chunks import Chunk, chunks_of, files_of
from scripts.bench.material.functions import Function, drawn, of_packages
from scripts.bench.material.vectors import RememberedEmbedder
from scripts.bench.report import Figure
from tests.support.lake import Laptop, contents, event, opened, saved, seen

FUNCTIONS, QUERIES, BESIDE = 5_000, 1_000, 100_000
AT_ONCE = 200
LAKE_BYTES = 4 << 30
DEPTH = 100
"""A function beyond this rank counts as not found."""
WEIGHTS = (0.0025, 0.0035, 0.005, 0.0075, 0.01, 0.015)


@dataclass(frozen=True, slots=True)
class Quality:
    """Of a list of ranks."""

    mrr: float
    recall_10: float
    queries: int

    def __str__(self) -> str:
        return f"MRR {self.mrr:.3f}, recall@10 {self.recall_10:.3f}"


@dataclass(frozen=True, slots=True)
class Measured:
    """Every way of making one ranking of the same lists."""

    fused: Quality
    words: Quality
    vectors: Quality
    by_weight: dict[float, Quality]


def measure(
    functions: int = FUNCTIONS, queries: int = QUERIES, beside: int = BESIDE
) -> list[Figure]:
    """The whole set; minutes for the first run on a machine, which embeds it."""
    whole = drawn(of_packages(wheels.fetched()), functions)
    found = asyncio.run(measured(whole, queries, wheels.cache()))
    others = chunks_of(wheels.fetched(wheels.BESIDE), beside)
    among = asyncio.run(measured(whole, queries, wheels.cache(), others))
    others_asked = drawn(ecmascript.functions(), functions)
    scripts = asyncio.run(measured(others_asked, queries // 2, wheels.cache()))
    method = (
        f"{len(whole):,} functions of pinned wheels, docstrings removed, a file each in a lake; "
        f"{queries:,} first paragraphs of docstrings as questions; the rank of the function's file"
    )
    return [
        Figure("docstring to function, Python", str(found.fused), "MRR .77, recall@10 .91", method),
        Figure("the same, words alone", str(found.words)),
        Figure("the same, vectors alone", str(found.vectors)),
        Figure(
            "comment to function, TypeScript and JavaScript",
            str(scripts.fused),
            f"words alone {scripts.words}; vectors alone {scripts.vectors}",
            f"{len(others_asked):,} functions of pinned packages, {queries // 2} questions",
        ),
        Figure("MRR by weight of words", _swept(found), f"{WORDS_WEIGHT:g} is used"),
        Figure(
            f"the same among {beside:,} chunks of other code",
            _swept(among),
            "",
            "the others are in the index of words alone: what grows with a lake is BM25's idf",
        ),
    ]


async def measured(
    functions: Sequence[Function], queries: int, kept: Path, beside: Sequence[Chunk] = ()
) -> Measured:
    """Asks the first so many questions of a lake of all of the functions. Vectors are kept in a
    directory for the next time. Chunks beside them get none."""
    asked = functions[:queries]
    async with lake_of(functions, kept) as (lake, embedder):
        await fill(lake, files_of(beside))
        await lake._searching._lexicon.catch_up()  # pyright: ignore[reportPrivateUsage]
        gathering = Gathering(lake, embedder, None)
        listed = [await _lists(lake, gathering, function.question) for function in asked]
        refs = {scored.ref for lists in listed for scored in (*lists.vectors, *lists.words)}
        refs |= {scored.ref for lists in listed for scored in (*lists.symbols, *lists.substrings)}
        ordered = sorted(refs, key=lambda ref: (ref.project, ref.chunk))
        paths = {
            ref: hit.path for ref, hit in zip(ordered, await lake.chunks(ordered), strict=True)
        }
    made = [
        Candidates(lists.vectors, lists.words, lists.symbols, lists.substrings) for lists in listed
    ]

    def quality(candidates: Sequence[Candidates], weight: float = WORDS_WEIGHT) -> Quality:
        pairs = zip(candidates, asked, strict=True)
        return _quality([_rank(c, function.path, paths, weight) for c, function in pairs])

    return Measured(
        fused=quality(made),
        words=quality([Candidates(words=c.words) for c in made]),
        vectors=quality([Candidates(vectors=c.vectors) for c in made]),
        by_weight={weight: quality(made, weight) for weight in WEIGHTS},
    )


@asynccontextmanager
async def lake_of(
    functions: Sequence[Function], kept: Path
) -> AsyncGenerator[tuple[Lake, RememberedEmbedder]]:
    """A lake that holds each function as a file, every chunk with its vector."""
    with tempfile.TemporaryDirectory() as directory:
        async with (
            opened(Path(directory), budget_bytes=LAKE_BYTES) as lake,
            open_models(models_directory(), Path(directory), lake_bytes=1 << 28) as models,
        ):
            await fill(lake, {function.path: function.text for function in functions})
            with RememberedEmbedder.open(models.embedder, kept) as embedder:
                loop = EmbeddingLoop(
                    lake, embedder, arrived=models.embedder_arrived, quiet=models.quiet
                )
                while await loop.embed_some():
                    pass
                yield lake, embedder


async def fill(lake: Lake, files: Mapping[str, str]) -> None:
    """Saves files in one working copy, from an outbox of its own."""
    laptop = Laptop(lake, origin=Origin(secrets.token_hex(16)))
    await laptop.send(event(seen()))
    items = list(files.items())
    for start in range(0, len(items), AT_ONCE):
        some = items[start : start + AT_ONCE]
        bodies = [event(saved(path, text)) for path, text in some]
        await laptop.send(*bodies, blobs=contents(*(text for _, text in some)))


def _swept(found: Measured) -> str:
    return ", ".join(f"{weight:g}: {q.mrr:.3f}" for weight, q in found.by_weight.items())


async def _lists(lake: Lake, gathering: Gathering, question: str) -> Lists:
    query = SearchQuery(question, kind="code")
    return await gathering.lists(query, Asked.of(question), await lake.freshness())


def _rank(
    candidates: Candidates, path: str, paths: dict[ChunkRef, str], weight: float
) -> int | None:
    """From 1; None when it is not among the best. Parts of one function count as one."""
    ranked = fuse(candidates, DEPTH * 2, weight)
    places = dict.fromkeys(paths[f.ref] for f in ranked if isinstance(f.ref, ChunkRef))
    rank = next((n for n, place in enumerate(places, start=1) if place == path), None)
    return rank if rank is not None and rank <= DEPTH else None


def _quality(ranks: Sequence[int | None]) -> Quality:
    reciprocal = [1 / rank if rank else 0.0 for rank in ranks]
    within = [rank is not None and rank <= 10 for rank in ranks]
    return Quality(sum(reciprocal) / len(ranks), sum(within) / len(ranks), len(ranks))


def cut(functions: Sequence[Function], words: int) -> list[Function]:
    """The same with shorter questions."""
    return [replace(f, question=" ".join(f.question.split()[:words])) for f in functions]
