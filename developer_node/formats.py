"""The formats of the laptop's files, told without starting it: `-m developer_node.formats`."""

from __future__ import annotations

import sys
from pathlib import Path

from common.daemon.formats import print_formats, print_records, sealed_count, sealed_formats
from developer_node.near.schema import MIRROR
from developer_node.outbox.formats import OUTBOX
from developer_node.shared.formats import SHARED

STORES = {"outbox.db": OUTBOX, "near.db": MIRROR, "shared.db": SHARED}

WAITING = "SELECT count(*) FROM records"
"""Of outbox.db: with --records."""

if __name__ == "__main__":
    if "--records" in sys.argv[2:]:
        waits = sealed_count(Path(sys.argv[1]), "developer/outbox.db", WAITING)
        raise SystemExit(print_records({"developer/outbox.db": waits}))
    raise SystemExit(print_formats(sealed_formats(Path(sys.argv[1]), "developer", STORES)))
