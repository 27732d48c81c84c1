"""One rehearsed daemon: lives and dies as a real one does, and holds nothing."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from common.daemon.addresses import at
from common.daemon.home import Home
from common.daemon.lifecycle import Running, complain, run_daemon
from common.daemon.listening import listens_at
from common.errors import Missing, Unavailable
from common.model.node import Role


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The words that `up` may use."""
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="*")
    parser.add_argument("--home", required=True)
    parser.add_argument("--join-file", type=Path)
    parser.add_argument("--admin", action="store_true")
    parser.add_argument("--die-with-parent", action="store_true")
    return parser.parse_args(argv)


@asynccontextmanager
async def empty(role: Role, home: Home, join_file: Path | None) -> AsyncGenerator[Running]:
    """Spends its code if it has no identity yet; fails with the sentence that a test chose."""
    sentence = os.environ.get(f"REHEARSED_{role.upper()}_FAILS", "")
    if sentence:
        raise Unavailable(sentence, hint="this is rehearsed")
    if os.environ.get(f"REHEARSED_{role.upper()}_DEAF"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    leaf = home.identity_directory(role) / "leaf.pem"
    if not leaf.exists():
        if join_file is None:
            raise Missing("this node has not joined a mesh yet")
        leaf.write_text(spent(join_file))
    if role == "developer":
        yield Running("127.0.0.1:1")
        return
    host = listens_at(home)
    async with await asyncio.start_server(lambda _, writer: writer.close(), host) as server:
        yield Running(at(host, server.sockets[0].getsockname()[1]))


def spent(join_file: Path) -> str:
    """The code, and who might have read it."""
    return f"{join_file.read_text().strip()} {join_file.stat().st_mode & 0o777:o}"


def run(role: Role, argv: Sequence[str]) -> int:
    """A daemon without an API."""
    asked = parse(argv)
    home = Home.from_env(asked.home)
    return run_daemon(
        role,
        home,
        lambda: empty(role, home, asked.join_file),
        grace_s=5,
        die_with_parent=asked.die_with_parent,
    )


def refuse(role: Role, sentence: str) -> int:
    """As a short command of a node refuses."""
    return complain(role, Missing(sentence))


def argv() -> list[str]:
    """The words after the module's name."""
    return sys.argv[1:]
