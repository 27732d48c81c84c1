"""The formats of outbox.db.

1   the beginning: plain
2   sealed
"""

from __future__ import annotations

from common.sealed_sqlite import FileFormat
from developer_node.outbox.migrations import outbox_2

OUTBOX = FileFormat("outbox", 2, {2: outbox_2.step}, shrinks=True)
