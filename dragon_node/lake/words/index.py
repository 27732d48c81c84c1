"""Words of one project: a tantivy index on the RAM disk, derived from the chunks.

    words/ID/reached     "GENERATION LSN NUMBER": the project file that it was made from, how far
                         it is, and where it lies; renamed into place
    words/ID/NUMBER/     tantivy's own files; other numbers are leftovers

One field holds all: name twice, path and body, identifiers split at camel humps, underscores and
digits. Written from the words thread only; a `View` is searched from any.
"""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

import apsw
import tantivy

from common.errors import Unavailable
from dragon_node.lake.code import ChunkTexts
from dragon_node.lake.failpoints import reach
from dragon_node.lake.words.splitting import document
from dragon_node.lake.words.view import View, schema

log = logging.getLogger(__name__)

COMMIT_DOCUMENTS = 500
"""Documents of one commit, at most."""
HEAP_BYTES = 15_000_000
"""The least that tantivy takes."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What the index lacks: new chunks, dead ones, and how far that brings it."""

    documents: list[tuple[int, str]]
    dead: list[int]
    lsn: int
    more: bool


class Words:
    """The index of one project."""

    def __init__(
        self, directory: Path, generation: str, number: int, reached: int, *, standing: bool = True
    ) -> None:
        """Unavailable when it cannot be opened."""
        self._directory = directory
        self._generation = generation
        self._number = number
        self._standing = standing
        self._writer: tantivy.IndexWriter | None = None
        try:
            self._place.mkdir(parents=True, exist_ok=True)
            self._index = tantivy.Index(schema(), path=str(self._place))
            self._index.config_reader("manual")
            self.view = View(self._index, reached)
        except (ValueError, OSError) as error:
            raise Unavailable(f"the word index cannot be opened: {error}") from error

    @classmethod
    def open(cls, directory: Path, generation: str) -> Words:
        """As it was left. What was made of another file, or cannot be opened, is made anew."""
        reached, number = _read_reached(directory, generation)
        _sweep(directory, keep=number if reached else 0)
        try:
            return cls(directory, generation, number, reached)
        except Unavailable as error:
            log.warning("%s; it is made anew", error.message)
            _sweep(directory, keep=0)
            return cls(directory, generation, number + 1, 0)

    def beside(self) -> Words:
        """An empty index that nobody finds until it takes this one's place."""
        _sweep(self._directory, keep=self._number)
        return Words(self._directory, self._generation, self._number + 1, 0, standing=False)

    def stand(self) -> None:
        """Takes the place of the index that it was made beside, at once and for good."""
        reach("words.rebuilt")
        self._standing = True
        self._write_reached()
        reach("words.standing")
        _sweep(self._directory, keep=self._number)

    @property
    def reached(self) -> int:
        """Chunks up to this lsn are in it."""
        return self.view.reached

    def take(self, batch: Batch) -> None:
        """Adds and commits; the commit is what makes it findable. Unavailable when it cannot
        be written: then this index is to be closed, and another one opened."""
        try:
            writer = self._writing()
            for chunk in batch.dead:
                writer.delete_documents_by_term("chunk", chunk)
            for chunk, text in batch.documents:
                # Added again after a crash: the same chunk must not count twice.
                writer.delete_documents_by_term("chunk", chunk)
                writer.add_document(tantivy.Document(chunk=chunk, words=text))
            writer.commit()
            self._index.reload()
            self.view = View(self._index, batch.lsn)
            reach("words.committed")
            if self._standing:
                self._write_reached()
        except (ValueError, OSError) as error:
            raise Unavailable(f"the word index cannot be written: {error}") from error

    def rest(self) -> None:
        """There is nothing to write for now: the writer's threads and memory are given back."""
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            writer.wait_merging_threads()
        except ValueError as error:
            log.warning("the word index in %s did not close in order: %s", self._directory, error)

    close = rest

    @property
    def _place(self) -> Path:
        return self._directory / str(self._number)

    def _writing(self) -> tantivy.IndexWriter:
        if self._writer is None:
            self._writer = self._index.writer(HEAP_BYTES, 1)
        return self._writer

    def _write_reached(self) -> None:
        fresh = self._directory / "reached.new"
        fresh.write_text(f"{self._generation} {self.reached} {self._number}")
        fresh.replace(self._directory / "reached")


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


def _read_reached(directory: Path, generation: str) -> tuple[int, int]:
    """How far the index is, and its number; nowhere when it is of another file."""
    try:
        of, lsn, number = (directory / "reached").read_text().split()
    except (FileNotFoundError, ValueError):
        return 0, 1
    return (int(lsn), int(number)) if of == generation else (0, int(number) + 1)


def _sweep(directory: Path, *, keep: int) -> None:
    """Removes every index but one."""
    for place in directory.glob("*/"):
        if place.name != str(keep):
            shutil.rmtree(place)
