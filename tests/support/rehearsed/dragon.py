"""A dragon without a lake; `free` says that there was nothing to free."""

from __future__ import annotations

import sys

from tests.support.rehearsed import node

if node.parse(node.argv()).words == ["free"]:
    print("RAM disk given back")
    sys.exit(0)
sys.exit(node.run("dragon", node.argv()))
