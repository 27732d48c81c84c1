"""The real `postdevai`, but that the daemons which it starts are the rehearsed ones."""

from __future__ import annotations

import sys

from developer_node.front.cli import main
from developer_node.front.up import daemons

for role in daemons.ORDER:
    daemons.MODULES[role] = f"tests.support.rehearsed.{role}"

sys.exit(main())
