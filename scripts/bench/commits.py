"""How well what a change is about finds the files that it changes: releases of two packages."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.daemon.home import models_directory
from common.model.event import FileChanged
from common.model.lake import SearchQuery
from dragon_node.answer.retrieval import Retrieval
from dragon_node.inference.opened import open_models
from dragon_node.ingest.embedding import EmbeddingLoop
from scripts.bench.material import wheels
from scripts.bench.material.releases import CHANGED_MAX, Release, releases
from scripts.bench.material.vectors import RememberedEmbedder
from scripts.bench.report import Figure
from tests.support.lake import Laptop, contents, event, opened, saved, seen

RECALL_BAR = 0.85
HITS = 100
"""Chunks, for ten files."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question's files, best first, and those that the release changed."""

    files: tuple[str, ...]
    changed: frozenset[str]
    there: int
    """Files that there were."""

    @property
    def recall(self) -> float:
        """Of the changed files, the share among the first ten."""
        return len(self.changed & {*self.files[:10]}) / len(self.changed)

    @property
    def found(self) -> bool:
        """Whether any is among the first ten."""
        return bool(self.changed & {*self.files[:10]})


def measure() -> list[Figure]:
    """Every release that changed ten files at most, asked before it is made."""
    whole, single = asyncio.run(measured(releases()))
    recall = sum(asked.recall for asked in whole) / len(whole)
    found = sum(asked.found for asked in single) / len(single)
    chance = sum(min(1.0, 10 / asked.there) for asked in whole) / len(whole)
    return [
        Figure(
            "what changed to files",
            f"recall@10 {recall:.3f}",
            f"{RECALL_BAR:g}; {chance:.2f} by chance",
            f"{len(whole)} releases of click and werkzeug with 1 to {CHANGED_MAX} changed files, "
            "the whole changelog of each as the question, asked of the release before",
        ),
        Figure(
            "one line of a changelog to a file",
            f"{found:.3f} have a changed file among ten",
            "",
            f"{len(single)} lines of the same releases",
        ),
    ]


async def measured(histories: Sequence[Sequence[Release]]) -> tuple[list[Asked], list[Asked]]:
    """Answers for the whole of each release, and for each line."""
    whole: list[Asked] = []
    single: list[Asked] = []
    for history in histories:
        with tempfile.TemporaryDirectory() as directory:
            await _history(history, Path(directory), whole, single)
    return whole, single


async def _history(
    history: Sequence[Release], directory: Path, whole: list[Asked], single: list[Asked]
) -> None:
    found = open_models(models_directory(), directory, lake_bytes=1 << 28)
    async with opened(directory) as lake, found as models:
        with RememberedEmbedder.open(models.embedder, wheels.cache()) as embedder:
            loop = EmbeddingLoop(
                lake, embedder, arrived=models.embedder_arrived, quiet=models.quiet
            )
            laptop, retrieval = Laptop(lake), Retrieval(lake, embedder)
            await laptop.send(event(seen()))
            held: dict[str, str] = {}
            for release in history:
                await _save(laptop, held, release.before)
                held = release.before
                while await loop.embed_some():
                    pass
                if release.subjects and 1 <= len(release.changed) <= CHANGED_MAX:
                    together = " ".join(release.subjects)
                    whole.append(await _asked(retrieval, together, release))
                    single += [await _asked(retrieval, s, release) for s in release.subjects]


async def _asked(retrieval: Retrieval, question: str, release: Release) -> Asked:
    found = await retrieval.find(SearchQuery(question[:4_096], k=HITS, kind="code"))
    files = tuple(dict.fromkeys(p.hit.path for p in found.passages))
    return Asked(files, release.changed, len(release.before))


async def _save(laptop: Laptop, held: dict[str, str], files: dict[str, str]) -> None:
    changed = {path: text for path, text in files.items() if held.get(path) != text}
    gone = [event(FileChanged(path, deleted=True)) for path in held.keys() - files.keys()]
    bodies = [event(saved(path, text)) for path, text in changed.items()]
    await laptop.send(*bodies, *gone, blobs=contents(*changed.values()))
