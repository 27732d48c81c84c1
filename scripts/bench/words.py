"""BM25 over many chunks: the product's index of words against tantivy alone over the same terms."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import tantivy

from common.stop_words import STOP_WORDS
from dragon_node.lake.words.index import COMMIT_DOCUMENTS, HEAP_BYTES, Batch, Words
from dragon_node.lake.words.splitting import document, query_terms, split_words
from scripts.bench.material import wheels
from scripts.bench.material.chunks import Chunk, chunks_of
from scripts.bench.report import Figure, quantile

T = TypeVar("T")

CHUNKS, QUERIES, ROUNDS = 300_000, 200, 5
LISTED = 100
"""Hits of one search, as retrieval asks for them."""


def measure(chunks: int = CHUNKS, queries: int = QUERIES, rounds: int = ROUNDS) -> list[Figure]:
    """Interleaved: each question goes to both in turn, in another order each round."""
    made = chunks_of(wheels.fetched(), chunks)
    documents = bare_words(made)
    asked = questions(made, queries)
    with tempfile.TemporaryDirectory(dir=in_memory()) as directory:
        ours, ours_s = _timed(lambda: _fill(Path(directory) / "ours", documents))
        bare, bare_s = _timed(lambda: Bare(Path(directory) / "bare", documents))
        times = interleaved(
            [lambda q: ours.view.search(query_terms(q), LISTED), bare.search], asked, rounds
        )
        same = sum(_same(ours.view.search(query_terms(q), 10), bare.search(q)[:10]) for q in asked)
        ours.close()
    ratio = quantile(times[0], 0.5) / quantile(times[1], 0.5)
    method = (
        f"{len(made):,} chunks of pinned wheels, {len(asked)} questions of 2 to 6 of a chunk's own "
        f"words, {LISTED} hits, {rounds} rounds interleaved, CPU time of the asking thread; "
        "tantivy alone has the same words in one field, is handed the question's words ready, and "
        "parses them"
    )
    return [
        Figure(
            "BM25, product against tantivy alone",
            f"{_shown(times[0])} against {_shown(times[1])}: {ratio:.2f} times",
            "1.3 times",
            method,
        ),
        Figure("the same ten hits", f"{same} of {len(asked)} questions", "", "by their scores"),
        Figure(
            "indexing words",
            f"{len(made) / ours_s:,.0f} chunks/s, {len(made) / bare_s:,.0f} by tantivy alone",
            "",
            f"product in commits of {COMMIT_DOCUMENTS} as it commits, tantivy in one",
        ),
    ]


class Bare:
    """Tantivy without anything of ours but the words."""

    def __init__(self, directory: Path, documents: Sequence[str]) -> None:
        directory.mkdir()
        schema = (
            tantivy.SchemaBuilder()
            .add_integer_field("chunk", stored=False, indexed=True, fast=True)
            .add_text_field("words", tokenizer_name="en_stem", index_option="freq")
            .build()
        )
        self._index = tantivy.Index(schema, path=str(directory))
        writer = self._index.writer(HEAP_BYTES, 1)
        for chunk, words in enumerate(documents):
            writer.add_document(tantivy.Document(chunk=chunk, words=words))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def search(self, query: str) -> list[tuple[int, float]]:
        """As its documentation has it; the words are cut already."""
        parsed, _ = self._index.parse_query_lenient(query, ["words"])
        hits = self._searcher.search(parsed, limit=LISTED, count=False).hits
        chunks = self._searcher.fast_field_values("chunk", [address for _, address in hits])
        return [(int(c or 0), s) for c, (s, _) in zip(chunks, hits, strict=True)]


def bare_words(chunks: Sequence[Chunk]) -> list[str]:
    """The words under which each is found."""
    return [document(chunk.head, chunk.text) for chunk in chunks]


def questions(chunks: Sequence[Chunk], number: int) -> list[str]:
    """A few words of chunks that are drawn, of those that people would ask for."""
    draw = random.Random(1)
    asked: list[str] = []
    while len(asked) < number:
        words = [w for w in draw.choice(chunks).text.split() if _is_asked(w)]
        some = draw.sample(words, min(len(words), draw.randint(2, 6)))
        if len(some) >= 2:
            asked.append(" ".join(dict.fromkeys(split_words(" ".join(some)))))
    return asked


def interleaved(
    searches: Sequence[Callable[[str], object]], asked: Sequence[str], rounds: int
) -> list[list[float]]:
    """CPU seconds of each search, one list for each; the first round is thrown away."""
    times: list[list[float]] = [[] for _ in searches]
    for turn in range(rounds + 1):
        for query in asked:
            for which in range(len(searches)):
                which = (which + turn) % len(searches)
                began = time.thread_time()
                searches[which](query)
                if turn:
                    times[which].append(time.thread_time() - began)
    return times


def _is_asked(word: str) -> bool:
    return len(word) > 3 and word.isascii() and word.isalpha() and word.lower() not in STOP_WORDS


def _fill(directory: Path, documents: Sequence[str]) -> Words:
    words = Words.open(directory, "bench")
    for start in range(0, len(documents), COMMIT_DOCUMENTS):
        some = list(enumerate(documents[start : start + COMMIT_DOCUMENTS], start=start))
        words.take(Batch(some, [], start + 1, more=True))
    words.rest()
    words.take(Batch([], [], len(documents) + 1, more=False))  # a view of what was merged
    return words


def _same(ours: Sequence[tuple[int, float]], theirs: Sequence[tuple[int, float]]) -> bool:
    return [round(s, 2) for _, s in ours] == [round(s, 2) for _, s in theirs]


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def _shown(times: Sequence[float]) -> str:
    return f"{quantile(times, 0.5) * 1e3:.2f} ms (p99 {quantile(times, 0.99) * 1e3:.2f})"


def in_memory() -> str | None:
    """The RAM disk lies in memory; so does this, where there is /dev/shm."""
    shm = Path("/dev/shm")
    return str(shm) if shm.is_dir() else None
