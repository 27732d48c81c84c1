"""A process to be killed: it brings an index of words up to date, then makes it anew beside itself.

python -m tests.support.lake_worder DIRECTORY
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from dragon_node.lake.words.index import Batch, Words
from dragon_node.lake.words.splitting import document

GENERATION = "g"
FRUITS = ("apple", "banana", "cherry", "fig", "grape", "kiwi", "lemon", "mango", "peach")
CHUNKS = len(FRUITS)


def batches(after: int) -> Iterator[Batch]:
    """What an index lacks that has reached so far: one chunk with each lsn, named as a fruit."""
    for lsn in range(after + 1, CHUNKS + 1):
        text = document(f"{FRUITS[lsn - 1]}.py", "common")
        yield Batch([(lsn, text)], [], lsn, more=lsn < CHUNKS)


def caught_up(words: Words) -> None:
    """It has everything."""
    for batch in batches(words.reached):
        words.take(batch)


def live(directory: Path) -> None:
    """Until killed."""
    words = Words.open(directory, GENERATION)
    caught_up(words)
    words.close()
    anew = words.beside()
    caught_up(anew)
    anew.stand()
    anew.close()


if __name__ == "__main__":
    live(Path(sys.argv[1]))
