"""The contract for scripts, the part about the lake: every key is always there (docs/cli.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from common.model.lake import (
    Generation,
    KeptItem,
    LakeStats,
    LakeStep,
    ProjectStats,
    Related,
    RelatedThing,
    Relation,
    StoreStats,
)
from developer_node.front.output_words import iso

Json = dict[str, Any]

_NESTED = ("origins", "freshness", "stores", "kept", "generations")


def lake(stats: LakeStats | None) -> Json:
    """The lake's numbers; all null while the Dragon cannot be reached."""
    keys = [f.name for f in fields(LakeStats) if f.name not in _NESTED]
    known: Json = {key: getattr(stats, key, None) for key in keys}
    return known | {
        "stores": [_store(s) for s in stats.stores] if stats else None,
        "kept": [project(p) for p in stats.kept] if stats else None,
        "generations": [_generation(g) for g in stats.generations] if stats else None,
    }


def project(known: ProjectStats) -> Json:
    """`lake pin --json` and its like, and one entry of `lake --json`."""
    return {
        "id": known.id,
        "name": known.name or None,
        "state": known.state,
        "pinned": known.pinned,
        "bytes": known.bytes,
        "used": iso(known.used_ms),
        "joined_to": known.joined_to or None,
        "node": known.node or None,
    }


def _store(store: StoreStats) -> Json:
    return asdict(store)


def _generation(known: Generation) -> Json:
    return {
        "number": known.number,
        "at": iso(known.at_ms),
        "lsn": known.lsn,
        "bytes": known.bytes,
        "files": known.files,
        "verified": known.verified,
        "node": known.node or None,
    }


def kept(items: Sequence[KeptItem]) -> Json:
    """`kept --json`."""
    return {"items": [_kept(item) for item in items]}


def _kept(item: KeptItem) -> Json:
    return {
        "what": item.what,
        "where": item.where,
        "items": item.items,
        "bytes": item.bytes,
        "oldest": iso(item.oldest_ms),
        "newest": iso(item.newest_ms),
        "encrypted": item.encrypted,
        "until": item.until or None,
    }


def steps(done: Sequence[LakeStep]) -> Json:
    """`snapshot`, `restore`, `backup`, `lake verify` and `forget` with --json."""
    return {
        "ok": bool(done) and done[-1].ended and all(step.ok for step in done),
        "steps": [
            {
                "step": step.step,
                "done": step.done,
                "total": step.total or None,
                "sentence": step.sentence or None,
                "ok": step.ok,
            }
            for step in done
        ],
    }


def related(found: Related) -> Json:
    """`related --json`."""
    return {"relations": [_relation(r) for r in found.relations], "complete": found.complete}


def _relation(relation: Relation) -> Json:
    return {
        "source": _thing(relation.source),
        "verb": relation.verb,
        "target": _thing(relation.target),
        "weight": relation.weight,
        "at": iso(relation.at_ms),
    }


def _thing(thing: RelatedThing) -> Json:
    return {"kind": thing.kind, "id": thing.id, "label": thing.label or None, "hops": thing.hops}
