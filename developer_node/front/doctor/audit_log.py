"""The Coordinator's audit log: whether every line of it is there, as it was written."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from common.daemon.home import Home
from common.model.audit import AuditCheck
from developer_node.front.doctor.engine import printed_by
from developer_node.front.doctor.finding import CORRUPT, Finding, Ground


async def looked_at(home: Home, engine: Mapping[str, Any] | None) -> AuditCheck | None:
    """What `audit verify` finds; None where there is no Coordinator, or its state, which tells
    where the log ended, cannot be asked: `engine` is what was said of it."""
    place = home.root / "coordinator"
    if not (place / "authority" / "ca.pem").is_file():
        return None
    try:
        kept = tomllib.loads((place / "engine.toml").read_text("utf-8")).get("engine", "sqlite")
    except FileNotFoundError:
        kept = "sqlite"
    except (OSError, ValueError):
        return None
    is_there = (place / "state.db").is_file() if kept == "sqlite" else bool(engine)
    if not is_there or (engine and engine["error"]):
        return None
    said = await printed_by(home, "audit", "--verify")
    return AuditCheck(**said) if said else None


def audit_log(ground: Ground) -> Iterator[Finding]:
    """HOME/coordinator/audit.log*."""
    found = ground.audit
    if found is not None and not found.is_whole:
        yield Finding(
            "audit-broken",
            f"The audit log is not what was written: {found.reason}.",
            "Find out who changed it, and keep it as it is; `postdevai audit verify` reads it "
            "again. A backup has the lines of before (docs/operate.md).",
            CORRUPT,
        )
