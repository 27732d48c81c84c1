"""What has to be true among the entries of one catalogue: who stands in and who drafts for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from dragon_node.inference.catalog.entries import Entry
from dragon_node.inference.catalog.fields import invalid

OF_SPEAKERS = ("draft", "kv_bits", "alternatives", "prompt_tokens")
OF_EMBEDDERS = ("query_prefix",)
_NOT_FOR = {True: "it is for models that speak", False: "it is for embedders"}


def check_family(path: Path, entries: Sequence[Entry]) -> None:
    """Invalid when an entry names one that is not there, that is of another kind, or itself."""
    named = {e.name: e for e in entries}
    for entry in entries:
        _check_kind(path, entry)
        _check_lengths(path, entry)
        for other in entry.alternatives:
            _check_other(path, entry, "alternatives", named.get(other), other)
        if entry.draft:
            _check_other(path, entry, "draft", named.get(entry.draft), entry.draft)
            if named[entry.draft].draft:
                raise invalid(path, entry.name, "draft", f"{entry.draft} has a draft itself")
    for entry in entries:
        _check_circle(path, entry, named)


def _check_kind(path: Path, entry: Entry) -> None:
    """An embedder has no stand-in: its vectors would be mixed with another's."""
    foreign = OF_SPEAKERS if entry.purpose == "embedding" else OF_EMBEDDERS
    for key in foreign:
        if getattr(entry, key):
            raise invalid(
                path, entry.name, key, f"leave it out: {_NOT_FOR[entry.purpose == 'embedding']}"
            )


def _check_lengths(path: Path, entry: Entry) -> None:
    if entry.context and entry.prompt_tokens >= entry.context:
        raise invalid(
            path,
            entry.name,
            "prompt_tokens",
            f"write less than its context, {entry.context:,}",
        )


def _check_other(path: Path, entry: Entry, key: str, other: Entry | None, name: str) -> None:
    if other is None:
        raise invalid(path, entry.name, key, f"there is no model {name!r}: write one that there is")
    if other is entry:
        raise invalid(path, entry.name, key, f"{name!r} is itself: write another")
    if other.purpose == "embedding":
        raise invalid(path, entry.name, key, f"{name!r} embeds: write one that speaks")


def _check_circle(path: Path, entry: Entry, named: Mapping[str, Entry]) -> None:
    """Two that stand in for each other would load and evict in turn."""
    todo, seen = list(entry.alternatives), set[str]()
    while todo:
        name = todo.pop()
        if name == entry.name:
            raise invalid(
                path, entry.name, "alternatives", "they lead back to it: break the circle"
            )
        if name not in seen:
            seen.add(name)
            todo += named[name].alternatives
