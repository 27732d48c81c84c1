"""What the owner does at this machine after a loss: a node's place, the mesh's keys."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.daemon.home import Home
from common.errors import Conflict, Missing
from developer_node.front.audit import is_here as is_here
from developer_node.front.output_words import iso
from developer_node.front.up.codes import run_node

NODES = ("dragon", "developer")


@dataclass(frozen=True, slots=True)
class Replaced:
    """A lost node, and the code for what takes its place."""

    id: str
    role: str
    code: str
    expires_ms: int

    @property
    def sentence(self) -> str:
        """For a person."""
        return (
            f"The {self.role} {self.id} is no longer welcome, and no ticket of before is good.\n"
            f"On the machine that takes its place, until {iso(self.expires_ms)}:\n"
            f"  postdevai join {self.code}\n"
        )

    def as_json(self) -> dict[str, Any]:
        """`recover NODE --json`."""
        return {
            "id": self.id,
            "role": self.role,
            "code": self.code,
            "expires_at": iso(self.expires_ms),
        }


async def replace(home: Home, node: str) -> Replaced:
    """Puts the node out, replaces the ticket keys, and invites another in its place."""
    said = await run_node("coordinator", "recover", node, "--home", str(home.root))
    return Replaced(**json.loads(said))


async def rekey(home: Home) -> tuple[Path, ...]:
    """New keys for the mesh, and this machine's nodes ready to join it; Conflict while they run."""
    _all_stopped(home)
    await run_node("coordinator", "rekey", "--home", str(home.root))
    return _put_aside(home)


def leave(home: Home) -> tuple[Path, ...]:
    """The certificates of this machine's nodes out of the way, so that it may join again."""
    _all_stopped(home)
    aside = _put_aside(home)
    if not aside:
        raise Missing("this machine is in no mesh", hint="join one with: postdevai join CODE")
    return aside


def _all_stopped(home: Home) -> None:
    for role in ("coordinator", *NODES):
        if home.is_locked(role):  # pyright: ignore[reportArgumentType]
            raise Conflict(f"the {role} runs", hint="stop it first: postdevai down")


def _put_aside(home: Home) -> tuple[Path, ...]:
    """Certificates and what was remembered of the mesh; nothing of what a node keeps."""
    moved: list[Path] = []
    at = time.time_ns() // 1_000_000
    for role in NODES:
        directory = home.root / role / "identity"
        if (directory / "leaf.pem").is_file():
            aside = directory.with_name(f"identity.{at}.aside")
            directory.rename(aside)
            moved.append(aside)
            for name in ("word.json", "routes.json"):
                (home.root / role / name).unlink(missing_ok=True)
    return tuple(moved)
