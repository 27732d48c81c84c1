"""What the Coordinator writes down of who was let in, refused, or put out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AuditAction = Literal[
    "found",
    "invite",
    "enrol",
    "renew",
    "revoke",
    "recover",
    "rekey",
    "ticket-keys",
    "policy",
    "migrate",
    "call",
]
"""What was done; `call` is any other call, and is there only when it was refused."""
Outcome = Literal["done", "refused"]


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line; each carries the hash of the one before it."""

    log: str
    """Name of the log, random; lines of another are not of this one."""
    seq: int
    """From 1, without a gap."""
    at_ms: int
    who: str
    """A node's spiffe URI, `owner` for whoever holds the Coordinator's files, or an address."""
    action: AuditAction
    subject: str
    """The node that was let in or put out, the method that was refused."""
    outcome: Outcome
    reason: str
    prev: str
    """Hash of the line before, hex; empty for the first."""
    hash: str
    """SHA-256 of all of the above, hex."""


@dataclass(frozen=True, slots=True)
class AuditCheck:
    """What a look at every line found."""

    lines: int
    """Read in order and found whole."""
    is_whole: bool
    reason: str = ""
    """What is wrong, and with which line; empty when nothing is."""
    file: str = ""
    line: int = 0
    """The first that is wrong: its place in that file, from 1; 0 where it is the end."""
    at_ms: int = 0
    """When the last whole line was written; 0 when there is none."""
