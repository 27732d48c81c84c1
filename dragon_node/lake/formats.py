"""The formats of the lake's files: on SSD, and on the RAM disk, which copies of them outlive.

file            format   since
journal.db      1        the beginning: plain
                2        sealed; first_lsn, referred
embeddings.db   1        the beginning: plain
                2        sealed
memory.db,      1        the beginning: rebuilt from the journal
projects/ID.db  2        the first of which copies outlive the journal that they were made from
                3        memory.db: who told of a run; proofs, cards put off, quiet projects
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from common.daemon.keys import SealingKey, sealing_key
from common.errors import Corrupt
from common.sealed_sqlite import FileFormat, make_ready
from dragon_node.lake import shards
from dragon_node.lake.database import said_plainly, transaction
from dragon_node.lake.failpoints import reach
from dragon_node.lake.migrations import embeddings_2, journal_2, memory_3

JOURNAL = FileFormat("journal", 2, {2: journal_2.step}, shrinks=True)
EMBEDDINGS = FileFormat("embeddings", 2, {2: embeddings_2.step})

MigrationStep = Callable[[apsw.Connection], None]
"""From the format before, inside the transaction that also writes the new one into the stamp."""


@dataclass(frozen=True, slots=True)
class FileSteps:
    """By the format that each makes. A schema that only adds tables needs an empty one."""

    memory: Mapping[int, MigrationStep]
    project: Mapping[int, MigrationStep]


def _as_it_is(db: apsw.Connection) -> None:
    """Only the other file changed."""


STEPS = FileSteps(memory={3: memory_3.step}, project={3: _as_it_is})
"""2 is the first format that is kept: there is no step to it."""


def brought_forward(path: Path, version: int, steps: FileSteps | None = None) -> None:
    """Brings a closed memory.db or file of a project from this format to the present one. Corrupt
    when a step is missing: then nothing was changed. Killed midway it goes on where it was."""
    steps = steps or STEPS
    registered = steps.memory if path.name == MEMORY_FILE else steps.project
    wanted = range(version + 1, shards.FORMAT_VERSION + 1)
    if missing := [number for number in wanted if number not in registered]:
        raise Corrupt(f"{path} has format {version} and nothing brings it to {missing[0]}")
    with said_plainly(path), closing(apsw.Connection(str(path))) as db:
        for number in wanted:
            with transaction(db, "IMMEDIATE"):
                registered[number](db)
                db.execute(_STAMP, (str(number),))


MEMORY_FILE = "memory.db"
_STAMP = """UPDATE meta SET value=substr(value, 1, instr(value, ' ')) || ?
  WHERE name='stamp'"""


async def made_ready(directory: Path, key: SealingKey | None = None) -> SealingKey:
    """Seals the files of HOME/dragon and brings them into today's formats, before any is opened.

    Returns the key: the one given, or the directory's own. Denied or Corrupt says which file is
    the matter and what to do; then nothing was changed.
    """
    return await asyncio.to_thread(_made_ready, directory, key)


def _made_ready(directory: Path, key: SealingKey | None) -> SealingKey:
    key = key or sealing_key(directory)
    make_ready(directory / "journal.db", key, JOURNAL, reach)
    make_ready(directory / "embeddings.db", key, EMBEDDINGS, reach)
    return key
