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


def page(catalog: ModelList, stats: InferenceStats) -> Json:
    """`models --json`."""
    return {
        "models": [model(m) for m in catalog.models],
        "catalog_path": catalog.catalog_path or None,
        "catalog_fault": catalog.catalog_fault or None,
        "stats": _stats(stats),
    }


def model(m: Model) -> Json:
    """`models info --json` and its like, and one entry of `models --json`."""
    known: Json = {f.name: getattr(m, f.name) for f in fields(Model) if f.name != "used_ms"}
    for name in (*_WORDS, *_KNOWN_FROM_ONE):
        known[name] = known[name] or None
    return known | {"alternatives": list(m.alternatives), "used": iso(m.used_ms)}


def change(c: ModelChange) -> Json:
    """A line of `models watch --json`."""
    return {"cursor": c.cursor, "at": iso(c.at_ms), "reset": c.reset, "model": model(c.model)}


def _stats(stats: InferenceStats) -> Json:
    known: Json = asdict(stats)
    for name in ("wired_bytes", "device_bytes", "device_used_bytes", "device_busy"):
        known[name] = None if known[name] < 0 else known[name]
    return known | {"shares": [asdict(s) for s in stats.shares], "fault": stats.fault or None}
