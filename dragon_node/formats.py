"""The formats of the Dragon's files, told without starting it: `python -m dragon_node.formats`.

Those in memory are not told of: they are made anew from the journal when their format changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from common.daemon.formats import print_formats, sealed_formats
from dragon_node.lake.formats import EMBEDDINGS, JOURNAL

STORES = {"journal.db": JOURNAL, "embeddings.db": EMBEDDINGS}

if __name__ == "__main__":
    raise SystemExit(print_formats(sealed_formats(Path(sys.argv[1]), "dragon", STORES)))
