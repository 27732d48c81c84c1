"""`python -m developer_node.front.cli` is `postdevai`."""

from __future__ import annotations

from developer_node.front.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
