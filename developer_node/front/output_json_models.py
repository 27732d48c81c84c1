"""The contract for scripts, the part about models: every key is always there (docs/cli.md)."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from common.model.llm import InferenceStats, Model, ModelChange, ModelList
from developer_node.front.output_words import iso

Json = dict[str, Any]

_WORDS = ("source", "detail", "reason", "draft")
_KNOWN_FROM_ONE = (
    "parameters",
    "context",
    "total_bytes",
    "disk_bytes",
    "needs_bytes",
    "kv_bytes_per_token",
    "kv_bits",
)


def page(catalog: ModelList, known: InferenceStats) -> Json:
    """`models --json`."""
    return {
        "models": [model(m) for m in catalog.models],
        "catalog_path": catalog.catalog_path or None,
        "catalog_fault": catalog.catalog_fault or None,
        "stats": stats(known),
    }


def model(m: Model) -> Json:
    """`models info --json` and its like, and one entry of `models --json`."""
    known: Json = {f.name: getattr(m, f.name) for f in fields(Model) if f.name != "used_ms"}
    for name in (*_WORDS, *_KNOWN_FROM_ONE):
        known[name] = known[name] or None
    return known | {"alternatives": list(m.alternatives), "used": iso(m.used_ms)}


def change(c: ModelChange) -> Json:
    """A line of `models watch --json`."""
    return {
        "cursor": c.cursor,
        "at": iso(c.at_ms),
        "reset": c.reset,
        "gone": c.gone,
        "model": model(c.model),
    }


def stats(known: InferenceStats | None) -> Json:
    """What the models take and do; all null while the Dragon cannot be reached."""
    if known is None:
        return {f.name: None for f in fields(InferenceStats)}
    data: Json = asdict(known)
    for name in ("wired_bytes", "device_bytes", "device_used_bytes", "device_busy"):
        data[name] = None if data[name] < 0 else data[name]
    return data | {"shares": [asdict(s) for s in known.shares], "fault": known.fault or None}
