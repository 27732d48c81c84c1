"""models.toml: what an owner adds to the catalogue, changes in it and takes out of it.

    [models.NAME]
    source = "hub:OWNER/NAME@REVISION" | "directory:/PATH" | "wheel:MODEL"
    purpose = "reasoning" | "code" | "fast" | "embedding"
    ...                                    the other fields of Entry, see docs/models.md

An entry without a source changes what a default says; one with a source replaces it.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from common.errors import Invalid
from dragon_node.inference.catalog import fields
from dragon_node.inference.catalog.entries import Entry, Wheel
from dragon_node.inference.catalog.family import check_family
from dragon_node.inference.catalog.files import read_text, shortened

FILE_BYTES_MAX = 1 << 20
ENTRIES_MAX = 200
BUILT_IN = ("pooling", "query_prefix", "embed_tokens")


def read_entries(path: Path, defaults: Sequence[Entry]) -> tuple[Entry, ...]:
    """As entries_of, of what the file says now."""
    return entries_of(path, text_of(path), defaults)


def text_of(path: Path) -> str | None:
    """All of the file; None without one. Invalid when it cannot be read."""
    try:
        return read_text(path, FILE_BYTES_MAX)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as why:
        raise _unreadable(path, why) from why


def entries_of(path: Path, text: str | None, defaults: Sequence[Entry]) -> tuple[Entry, ...]:
    """The defaults with what the text of the file says about them, then what it adds, in its
    order; None says nothing. Invalid names the file, the entry, the key and what to write;
    `field` is `models.NAME.KEY`."""
    tables = _tables(path, text or "")
    known = {e.name: e for e in defaults}
    removed = {name for name, table in tables.items() if _removes(path, name, table)}
    for name in sorted(removed - known.keys()):
        raise fields.invalid(path, name, "remove", "there is no default of that name to remove")
    said = {
        name: _entry(path, name, table, known.get(name))
        for name, table in tables.items()
        if name not in removed
    }
    kept = [said.get(e.name) or _without(e, removed) for e in defaults if e.name not in removed]
    entries = (*kept, *(e for name, e in said.items() if name not in known))
    if len(entries) > ENTRIES_MAX:
        raise Invalid(f"{path.name} names {len(entries)} models, more than {ENTRIES_MAX}")
    check_family(path, entries)
    return entries


def _tables(path: Path, text: str) -> Mapping[str, Any]:
    try:
        parsed = tomllib.loads(text)
    except (ValueError, RecursionError) as why:
        raise _unreadable(path, why) from why
    strange = sorted(parsed.keys() - {"models"})
    if strange:
        raise Invalid(f"{path}: {strange[0][:80]!r} means nothing here: write [models.NAME]")
    tables: object = parsed.get("models", {})
    if not isinstance(tables, dict):
        raise Invalid(f"{path}: models is not a table: write [models.NAME]", field="models")
    return cast("dict[str, Any]", tables)


def _unreadable(path: Path, why: Exception) -> Invalid:
    return Invalid(f"{path} cannot be read: {shortened(why)}", field="models")


def _removes(path: Path, name: str, table: Any) -> bool:
    if not isinstance(table, dict):
        raise fields.invalid(path, name, "", f"write [models.{name}] and its keys below")
    keys = cast("dict[str, Any]", table)
    if "remove" not in keys:
        return False
    if keys != {"remove": True}:
        raise fields.invalid(path, name, "remove", "write remove = true and nothing else")
    return True


def _entry(path: Path, name: str, table: dict[str, Any], default: Entry | None) -> Entry:
    fields.check_name(path, name)
    values = {key: fields.value(path, name, key, raw) for key, raw in table.items()}
    if "source" in values:
        if "purpose" not in values:
            raise fields.invalid(path, name, "purpose", f"write one of {fields.PURPOSES}")
        entry = Entry(name=name, **values)
    elif default is None:
        raise fields.invalid(path, name, "source", f"write {fields.SOURCES}")
    else:
        entry = dataclasses.replace(default, **values)
    _check_built(path, entry, values)
    return _one_at_a_time(path, entry, slots_said="slots" in values)


def _check_built(path: Path, entry: Entry, said: Collection[str]) -> None:
    """onnxruntime runs bge as it was built: its vectors would not follow such a key."""
    built = isinstance(entry.source, Wheel) and entry.source.pin.form == "onnx"
    for key in [k for k in BUILT_IN if built and k in said]:
        raise fields.invalid(
            path,
            entry.name,
            key,
            f"leave it out: {entry.source} runs as it was built,"
            " with its own pooling, query prefix and length",
        )


def _one_at_a_time(path: Path, entry: Entry, *, slots_said: bool) -> Entry:
    """mlx-lm drafts, and quantises caches, for single requests only."""
    key = "draft" if entry.draft else "kv_bits" if entry.kv_bits else ""
    if not key or entry.slots == 1:
        return entry
    if slots_said:
        raise fields.invalid(path, entry.name, "slots", f"with {key} write 1, or leave it out")
    return dataclasses.replace(entry, slots=1)


def _without(entry: Entry, removed: set[str]) -> Entry:
    """A default that no longer names what the owner took out."""
    left = tuple(a for a in entry.alternatives if a not in removed)
    return dataclasses.replace(entry, alternatives=left)
