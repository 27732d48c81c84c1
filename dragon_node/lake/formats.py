"""The formats of the lake's files on SSD. What lies on the RAM disk has shards.FORMAT_VERSION.

file            format   since
journal.db      1        the beginning: plain
                2        sealed; first_lsn, referred
embeddings.db   1        the beginning: plain
                2        sealed
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from common.daemon.keys import SealingKey, sealing_key
from common.sealed_sqlite import FileFormat, make_ready
from dragon_node.lake.failpoints import reach
from dragon_node.lake.migrations import embeddings_2, journal_2

JOURNAL = FileFormat("journal", 2, {2: journal_2.step}, shrinks=True)
EMBEDDINGS = FileFormat("embeddings", 2, {2: embeddings_2.step})


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
