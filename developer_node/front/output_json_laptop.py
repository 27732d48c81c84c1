"""The contract for scripts, the part about the laptop: circuits, and what it knows alone."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from common.model.laptop import Circuit, LaptopStatus, NearStatus
from developer_node.front.output_words import iso

Json = dict[str, Any]

_TIMES = ("away_since_ms", "as_of_ms")


def own(now: LaptopStatus | None) -> Json:
    """Five keys of `status --json`; null while the laptop's daemon is away."""
    return {
        "api_version": (now.api_version or None) if now else None,
        "circuits": [circuit(each) for each in now.circuits] if now else None,
        "near": near(now.near) if now else None,
        "node": node(now) if now else None,
        "put_out": (now.put_out or None) if now else None,
    }


def node(now: LaptopStatus) -> Json:
    """Which of the nodes this laptop is; its machine's name as the mesh knows it."""
    own = next((each for each in now.nodes if each.id == now.node and now.node), None)
    return {"id": now.node or None, "machine": (own.machine or None) if own else None}


def circuit(known: Circuit) -> Json:
    """How the calls to one service fare."""
    return {
        "name": known.name,
        "state": known.state,
        "failures": known.failures,
        "retry_at": iso(known.retry_at_ms),
        "sentence": known.sentence or None,
        "relayed": known.relayed,
    }


def near(known: NearStatus | None) -> Json | None:
    """What this laptop remembers by itself; null while it keeps nothing."""
    if known is None:
        return None
    plain = {f.name: getattr(known, f.name) for f in fields(known) if f.name not in _TIMES}
    return plain | {
        "away_since": iso(known.away_since_ms),
        "as_of": iso(known.as_of_ms),
        "model": known.model or None,
        "sentence": known.sentence or None,
    }
