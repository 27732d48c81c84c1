"""The mesh's own keys, and the one-time codes that its own dragon and developer spend."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from common.daemon.elsewhere import roles_elsewhere
from common.daemon.files import write_private
from common.daemon.home import Home
from common.errors import Missing
from common.model.node import Role
from developer_node.front.said_by_node import refusal
from developer_node.front.up import daemons


def roles_here(home: Home, order: tuple[Role, ...]) -> tuple[Role, ...]:
    """All three, but for a machine that joined the mesh of another: there, those that joined.

    Not those that have moved to another machine; Missing when none is left.
    """
    gone = roles_elsewhere(home)
    joined: tuple[Role, ...] = tuple(role for role in order if is_enrolled(home, role))
    here = (home.root / "coordinator").is_dir() and "coordinator" not in gone
    every = joined if not here and (joined or gone) else order
    left: tuple[Role, ...] = tuple(role for role in every if role not in gone)
    if not left:
        raise Missing(
            f"{home.root} holds no node of its mesh any more: all have moved",
            hint="To be one again: postdevai join CODE. To begin anew, take another POSTDEVAI_HOME",
        )
    return left


def is_enrolled(home: Home, role: Role) -> bool:
    """Whether the node has an identity, expired or not: it renews that by itself."""
    return (home.root / role / "identity" / "leaf.pem").is_file()


async def found(home: Home) -> None:
    """Makes the mesh's authority and keys; a second time changes nothing."""
    await run_node("coordinator", "init", "--home", str(home.root))


async def join_file(home: Home, role: Role) -> Path | None:
    """A fresh code in a 0600 file for a node that has no identity yet, else None."""
    if role == "coordinator" or is_enrolled(home, role):
        return None
    # The first laptop is its owner's: it may invite others.
    rights = ["--admin"] if role == "developer" else []
    code = await run_node("coordinator", "invite", role, "--home", str(home.root), *rights)
    path = home.directory(role) / "join"
    write_private(path, code.strip().encode() + b"\n")
    return path


async def run_node(role: Role, *words: str) -> str:
    """What a short command of a node printed; its own sentence as a refusal if it failed."""
    module = daemons.MODULES[role]
    process = await asyncio.create_subprocess_exec(
        # -P: a package of the same name where this is typed is not meant
        *(sys.executable, "-P", "-m", module, *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, complaint = await process.communicate()
    if process.returncode:
        name = module.replace("_", "-")
        said = complaint.decode("utf-8", "replace")
        raise refusal(name, words[0], process.returncode, said)
    return printed.decode()
