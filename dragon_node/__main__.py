"""`dragon-node`: runs the Dragon, or frees its RAM disk."""

from __future__ import annotations

import sys
from contextlib import AbstractAsyncContextManager

from common.daemon.lifecycle import Running, complain, run_daemon
from common.daemon.locks import only_instance
from common.errors import PostDevAIError
from dragon_node.config import Config, parse

GRACE_S = 30.0


def main() -> int:
    """The exit code: 0 done, 2 wrong usage, 3 unavailable, 4 refused, 5 corrupt."""
    config = parse(sys.argv[1:])
    if config.free:
        return free(config)

    def opened() -> AbstractAsyncContextManager[Running]:
        from dragon_node.node import open_node  # after the environment is set

        return open_node(config)

    return run_daemon(
        "dragon",
        config.home,
        opened,
        grace_s=GRACE_S,
        die_with_parent=config.die_with_parent,
    )


def free(config: Config) -> int:
    """Gives the RAM back. The journal on disk stays, and the lake is rebuilt from it."""
    from dragon_node.lake import ramdisk

    try:
        with only_instance(config.home.lock_path("dragon"), "dragon"):
            for path in ramdisk.detach(config.home.directory("dragon")):
                print(f"freed {path}")
    except PostDevAIError as error:
        return complain("dragon-node", error)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
