"""What the owner does at this machine after a loss: a node's place, the mesh's keys."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from dataclasses import replace as dataclass_replace
from pathlib import Path
from typing import Any

from common.daemon.home import Home
from common.errors import Conflict, Missing
from developer_node.front.audit import is_here as is_here
from developer_node.front.output_words import iso
from developer_node.front.up.codes import run_node

NODES = ("dragon", "developer")
OWNER = """
If it was the laptop with the owner's key, that key is lost, and the others go on trusting it:
  postdevai owner init                           on the new laptop; `postdevai owner` shows KEY
  postdevai owner trust KEY                      on each other laptop
  postdevai owner key                            on each Dragon's machine, then on the new laptop:
  postdevai owner sign NODE --key FINGERPRINT
"""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A lost node, and the code for what takes its place."""

    id: str
    role: str
    code: str
    expires_ms: int
    took_owner: bool = False
    """It may have held the owner's key, which is not on this machine."""

    @property
    def sentence(self) -> str:
        """For a person."""
        return (
            f"The {self.role} {self.id} is no longer welcome, and no ticket of before is good.\n"
            f"On the machine that takes its place, until {iso(self.expires_ms)}:\n"
            f"  postdevai join {self.code}\n{OWNER if self.took_owner else ''}"
        )

    def as_json(self) -> dict[str, Any]:
        """`recover NODE --json`."""
        return {
            "id": self.id,
            "role": self.role,
            "code": self.code,
            "expires_at": iso(self.expires_ms),
            "took_owner_key": self.took_owner,
        }


async def replace(home: Home, node: str) -> Replaced:
    """Puts the node out, replaces the ticket keys, and invites another in its place."""
    said = await run_node("coordinator", "recover", node, "--home", str(home.root))
    took_owner = not (home.root / "developer" / "owner.key").is_file()
    lost = Replaced(**json.loads(said))
    return dataclass_replace(lost, took_owner=took_owner and lost.role == "developer")


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
