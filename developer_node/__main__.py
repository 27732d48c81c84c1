"""`developer-node`: runs the laptop's daemon."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AbstractAsyncContextManager

from common.daemon.lifecycle import Running, complain, run_daemon
from common.daemon.locks import only_instance
from common.errors import PostDevAIError
from developer_node.config import Config, parse

GRACE_S = 10.0


def main() -> int:
    """The exit code: 0 done, 2 wrong usage, 3 unavailable, 4 refused, 5 corrupt."""
    config = parse(sys.argv[1:])
    if config.leave:
        return leave(config)

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


def leave(config: Config) -> int:
    """This machine records for the mesh no longer, once nothing waits here for a Dragon."""
    from developer_node.leaving import leave as left

    try:
        with only_instance(config.home.lock_path("developer"), "developer"):
            print(asyncio.run(left(config.home)))
    except PostDevAIError as error:
        return complain("developer-node", error)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
