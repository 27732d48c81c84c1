"""Words of one project by BM25: a tantivy index on the RAM disk, derived from the chunks.

    words/ID/            tantivy's own files
    words/ID/reached     "GENERATION LSN": the project file it was made from, and how far it is

One field holds all: name twice, path and body, identifiers split at camel humps, underscores and
digits. Used from the words thread only.
"""

from __future__ import annotations

import logging
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import apsw
import tantivy

from common.errors import Unavailable
from dragon_node.lake.code import ChunkTexts

log = logging.getLogger(__name__)

COMMIT_DOCUMENTS = 500
"""Documents of one commit, at most."""
HEAP_BYTES = 15_000_000
"""The least that tantivy takes."""
QUERY_WORDS_MAX = 64
BODY_CHARACTERS_MAX = 20_000

_WORD = re.compile(r"[^\W_]+(?:_+[^\W_]+)*|_+[^\W_]+")
_HUMPS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@dataclass(frozen=True, slots=True)
class Batch:
    """What the index lacks: new chunks, dead ones, and how far that brings it."""

    documents: list[tuple[int, str]]
    dead: list[int]
    lsn: int
    more: bool


class Words:
    """The index of one project."""

    def __init__(self, directory: Path, generation: str) -> None:
        self._directory = directory
        self._generation = generation
        self.reached = self._read_reached()
        if self.reached == 0 and directory.exists():
            shutil.rmtree(directory)
        directory.mkdir(parents=True, exist_ok=True)
        schema = (
            tantivy.SchemaBuilder()
            .add_integer_field("chunk", stored=True, indexed=True, fast=True)
            .add_text_field("words", stored=False, tokenizer_name="en_stem", index_option="freq")
            .build()
        )
        try:
            self._index = tantivy.Index(schema, path=str(directory))
            self._writer = self._index.writer(HEAP_BYTES, 1)
        except (ValueError, OSError) as error:
            raise Unavailable(f"the word index cannot be opened: {error}") from error

    def take(self, batch: Batch) -> None:
        """Adds and commits; the commit is what makes it findable. Unavailable when it cannot
        be written: then this index is to be closed, and another one opened."""
        try:
            for chunk in batch.dead:
                self._writer.delete_documents_by_term("chunk", chunk)
            for chunk, text in batch.documents:
                # Added again after a crash: the same chunk must not count twice.
                self._writer.delete_documents_by_term("chunk", chunk)
                self._writer.add_document(tantivy.Document(chunk=chunk, words=text))
            self._writer.commit()
            self._index.reload()
            (self._directory / "reached").write_text(f"{self._generation} {batch.lsn}")
        except (ValueError, OSError) as error:
            raise Unavailable(f"the word index cannot be written: {error}") from error
        self.reached = batch.lsn

    def search(self, query: str, k: int) -> list[tuple[int, float]]:
        """Chunks with their BM25, best first."""
        words = list(dict.fromkeys(split_words(query)))[:QUERY_WORDS_MAX]
        if not words:
            return []
        parsed, _ = self._index.parse_query_lenient(" ".join(words), ["words"])
        searcher = self._index.searcher()
        found = searcher.search(parsed, limit=k, count=False).hits
        return [(searcher.doc(address)["chunk"][0], float(score)) for score, address in found]

    def close(self) -> None:
        """Waits for tantivy's threads; releases its lock. What was not committed is dropped."""
        try:
            self._writer.wait_merging_threads()
        except ValueError as error:
            log.warning("the word index in %s was not closed in order: %s", self._directory, error)

    def _read_reached(self) -> int:
        try:
            generation, lsn = (self._directory / "reached").read_text().split()
        except (FileNotFoundError, ValueError):
            return 0
        return int(lsn) if generation == self._generation else 0


def lacking(db: apsw.Connection, reached: int) -> Batch:
    """What the index has to take next, whole records only."""
    rows = db.execute(
        "SELECT id, lsn FROM chunks WHERE lsn>? ORDER BY lsn, id LIMIT ?",
        (reached, COMMIT_DOCUMENTS + 1),
    ).fetchall()
    applied = int(db.execute("SELECT value FROM meta WHERE name='applied'").get)
    more = len(rows) > COMMIT_DOCUMENTS
    upto = applied
    if more:
        # The last record may be cut: take only those before it, or all of it when it is alone.
        upto = rows[-1][1] - 1 if rows[-1][1] != rows[0][1] else rows[0][1]
        if upto == rows[0][1]:
            rows = db.execute("SELECT id, lsn FROM chunks WHERE lsn=?", (upto,)).fetchall()
        rows = [row for row in rows if row[1] <= upto]
    texts = ChunkTexts(db)
    documents: list[tuple[int, str]] = []
    for chunk, _ in rows:
        found = texts.of(chunk)
        if found is not None:
            documents.append((chunk, document(*found)))
    dead = [
        row[0]
        for row in db.execute("SELECT chunk FROM gone WHERE lsn>? AND lsn<=?", (reached, upto))
    ]
    return Batch(documents, dead, upto, more)


def document(head: str, text: str) -> str:
    """The words under which a chunk is found."""
    return " ".join(split_words(f"{head} {head} {text[:BODY_CHARACTERS_MAX]}"))


def split_words(text: str) -> list[str]:
    """Words whole and in their parts, lower case: getUserName gives getusername get user name."""
    out: list[str] = []
    for match in _WORD.finditer(text):
        whole = match.group()
        parts = _HUMPS.findall(whole) if whole.isascii() else whole.split("_")
        if len(parts) > 1:
            out.append(whole.replace("_", "").lower())
        out += [part.lower() for part in parts if part]
    return out
