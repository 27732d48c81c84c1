"""What can be set on the command line of the laptop's daemon."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.daemon.home import Home


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that the composition root needs to know."""

    home: Home
    join_file: Path | None = None
    """A code for the first start; read once, then removed."""
    repositories: tuple[Path, ...] = ()
    """Watched from now on, besides those that were watched before."""
    die_with_parent: bool = False
    """End when the process that started this one does."""
    leave: bool = False
    """Take the mesh's keys away instead of starting, once nothing waits."""
    outbox_bytes: int = 1 << 30
    """At this size output bodies are dropped, oldest first; facts stay."""


def parse(argv: Sequence[str]) -> Config:
    """Exits with 2 and usage when the words are off."""
    parser = argparse.ArgumentParser(
        prog="developer-node", description="Watches this laptop and answers its front ends."
    )
    parser.add_argument(
        "action",
        nargs="?",
        choices=("serve", "leave"),
        default="serve",
        help="leave: record for this mesh no longer, once nothing waits here for a Dragon",
    )
    parser.add_argument("--home", default="", help="default: POSTDEVAI_HOME or ~/.postdevai")
    parser.add_argument("--join-file", type=Path, help="a file that holds a code")
    parser.add_argument(
        "--repo", type=Path, action="append", default=[], help="a directory to watch from now on"
    )
    parser.add_argument("--die-with-parent", action="store_true")
    found = parser.parse_args(argv)
    return Config(
        home=Home.from_env(found.home),
        join_file=found.join_file,
        repositories=tuple(path.absolute() for path in found.repo),
        die_with_parent=found.die_with_parent,
        leave=found.action == "leave",
    )
