"""`dragon-node`: runs the Dragon, or does one thing with what it holds while it does not run."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

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
    if config.follow:
        return follow(config)
    if config.leave:
        return leave(config)
    if config.restore_from is not None and config.restore_key is not None:
        return restore(config, config.restore_from, config.restore_key)

    def opened() -> AbstractAsyncContextManager[Running]:
        from dragon_node.inference.mlx_modules import prepare_environment

        prepare_environment()  # libgomp reads it once, and the lake's faiss may load it first
        from dragon_node.node import open_node

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


def follow(config: Config) -> int:
    """Writes down whom this Dragon follows; what it holds of its own is never mixed with that."""
    from common.errors import Conflict
    from common.rpc.certificates import read_leaf
    from dragon_node.replica.kept import Kept, ReplicaFile
    from dragon_node.replica.opening import put_aside
    from dragon_node.replica.whom import NOBODY, whom

    directory = config.home.directory("dragon")
    file = ReplicaFile(directory)
    try:
        with only_instance(config.home.lock_path("dragon"), "dragon"):
            kept = file.read()
            leaf = config.home.identity_directory("dragon") / "leaf.pem"
            own = read_leaf(leaf.read_bytes()).identity.id if leaf.exists() else ""
            if own and own in (config.follow, kept.leader if kept else ""):
                raise Conflict(
                    "this Dragon leads its lake itself",
                    hint="Only a Dragon that holds nothing of its own can follow another one.",
                )
            if config.follow != NOBODY:
                leader = asyncio.run(whom(config.home, config.follow))
                file.write(Kept(leader))
                print(f"From its next start on this Dragon follows {leader}.")
            elif kept is None:
                print("This Dragon follows nobody.")
            else:
                print(f"What it held is kept in {put_aside(directory)}. It begins anew, alone.")
                file.remove()
    except PostDevAIError as error:
        return complain("dragon-node", error)
    return 0


def leave(config: Config) -> int:
    """This machine is a Dragon no longer, once another one leads what it held."""
    from dragon_node.replica.leaving import ask_first
    from dragon_node.replica.leaving import leave as left

    try:
        if config.ask:  # the Dragon that is asked about runs, and has the lock
            asyncio.run(ask_first(config.home))
            return 0
        with only_instance(config.home.lock_path("dragon"), "dragon"):
            print(asyncio.run(left(config.home)))
    except PostDevAIError as error:
        return complain("dragon-node", error)
    return 0


def restore(config: Config, source: Path, key: Path) -> int:
    """The lake of a backup, before the Dragon is started on it."""
    from dragon_node.lake.recovery.backup import restore_backup

    async def run() -> None:
        async for step in restore_backup(source, key, config.home.directory("dragon")):
            if step.ended:
                print(step.sentence)
            elif step.done == step.total:
                print(f"{step.step}: {step.done:,} of {step.total:,}")

    try:
        with only_instance(config.home.lock_path("dragon"), "dragon"):
            asyncio.run(run())
    except PostDevAIError as error:
        return complain("dragon-node", error)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
