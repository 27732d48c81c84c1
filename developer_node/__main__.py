"""`developer-node`: runs the laptop's daemon."""

from __future__ import annotations

import sys
from contextlib import AbstractAsyncContextManager

from common.daemon.lifecycle import Running, run_daemon
from developer_node.config import parse

GRACE_S = 10.0


def main() -> int:
    """The exit code: 0 done, 2 wrong usage, 3 unavailable, 4 refused, 5 corrupt."""
    config = parse(sys.argv[1:])

    def opened() -> AbstractAsyncContextManager[Running]:
        from developer_node.node import open_node  # after the environment is set

        return open_node(config)

    return run_daemon(
        "developer",
        config.home,
        opened,
        grace_s=GRACE_S,
        die_with_parent=config.die_with_parent,
    )


if __name__ == "__main__":
    raise SystemExit(main())
