"""The formats of the Dragon's files, told without starting it: `python -m dragon_node.formats`.

Those in memory are not told of: they are made anew from the journal when their format changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from common.daemon.formats import print_formats, print_records, sealed_count, sealed_formats
from dragon_node.lake.formats import EMBEDDINGS, JOURNAL

STORES = {"journal.db": JOURNAL, "embeddings.db": EMBEDDINGS}

TAKEN = "SELECT max(lsn) FROM records"
"""Of journal.db, with --records: how many it ever took."""

if __name__ == "__main__":
    if "--records" in sys.argv[2:]:
        taken = sealed_count(Path(sys.argv[1]), "dragon/journal.db", TAKEN)
        raise SystemExit(print_records({"dragon/journal.db": taken}))
    raise SystemExit(print_formats(sealed_formats(Path(sys.argv[1]), "dragon", STORES)))
