"""What a person sees of entries: values with who wrote them, what waits, and what lost."""

from __future__ import annotations

from typing import cast

from common.errors import Missing
from common.model.ids import NodeId
from common.model.shared import Entry, ItemKind, LostValue, Name, SharedItem
from common.shared.stamps import ms_of
from common.shared.state import State
from common.shared.texts import text_of, version_of

LINE_CHARS_MAX = 120
_KINDS: tuple[ItemKind, ...] = ("setting", "pin", "note")


def machines(state: State) -> dict[NodeId, str]:
    """The names of the replicas' machines; two nodes of one name are told apart by their ids."""
    names = {
        NodeId(name.key): (entry.holds.value or b"").decode()
        for name, entry in state.entries.items()
        if name.kind == "replica"
    }
    nodes: dict[str, set[str]] = {}
    for replica, machine in names.items():
        nodes.setdefault(machine, set()).add(_node(replica))
    return {
        replica: f"{machine} {replica[:4]}" if len(nodes[machine]) > 1 else machine
        for replica, machine in names.items()
    }


def _node(replica: NodeId) -> str:
    """The node of a replica, whose name is made with its file."""
    return replica.partition("-")[0]


def items(
    state: State, kind: ItemKind, scope: str | None, me: NodeId, told: int
) -> list[SharedItem]:
    """Of one project, or of all, by project and key: what holds, and what lost."""
    names = sorted(
        name
        for name in state.entries
        if name.kind == kind and (scope is None or name.scope == scope)
    )
    known = machines(state)
    return [
        _item(state, entry, me, told, known)
        for entry in (state.entries[name] for name in names)
        if _is_told(entry)
    ]


def lost(state: State, me: NodeId, told: int) -> tuple[SharedItem, ...]:
    """Whatever has values that lost."""
    found = [each for kind in _KINDS for each in items(state, kind, None, me, told)]
    return tuple(each for each in found if each.lost)


def item(state: State, name: Name, me: NodeId, told: int, *, whole: bool = False) -> SharedItem:
    """One; Missing when it is not there."""
    entry = state.entries.get(name)
    if entry is None:
        raise Missing(f"there is no {name.kind} {name.key}")
    if not _is_told(entry):
        raise Missing(f"there is no {name.kind} {name.key}: it was removed")
    return _item(state, entry, me, told, machines(state), whole=whole)


def _item(
    state: State,
    entry: Entry,
    me: NodeId,
    told: int,
    known: dict[NodeId, str],
    *,
    whole: bool = False,
) -> SharedItem:
    name = entry.name
    said = SharedItem(
        kind=cast("ItemKind", name.kind),
        scope=name.scope,
        key=name.key,
        value=(entry.holds.value or b"").decode(),
        removed=entry.holds.value is None,
        who=_who(entry.holds.dot.replica, known),
        at_ms=ms_of(entry.holds.dot.stamp),
        waits=entry.seen.get(me, 0) > told,
        lost=_lost(entry, known),
    )
    return _with_text(state, said, whole=whole) if name.kind == "note" else said


def _with_text(state: State, said: SharedItem, *, whole: bool) -> SharedItem:
    entry = state.entries.get(Name("text", "", said.key))
    snapshot = (entry.holds.value or b"") if entry else b""
    text = text_of(snapshot)
    value = text if whole else _first_line(text)
    version = version_of(snapshot) if whole else b""
    return SharedItem(
        said.kind,
        said.scope,
        said.key,
        value,
        said.removed,
        said.who,
        said.at_ms,
        said.waits,
        said.lost,
        version,
        len(text.encode()),
    )


def _is_told(entry: Entry) -> bool:
    """What was removed is told only for an edit that lost against it."""
    return any(each.value is not None for each in entry.values)


def _lost(entry: Entry, known: dict[NodeId, str]) -> tuple[LostValue, ...]:
    """Two that wrote the same have nothing to tell each other."""
    return tuple(
        LostValue(
            (each.value or b"").decode(),
            each.value is None,
            _who(each.dot.replica, known),
            ms_of(each.dot.stamp),
        )
        for each in entry.lost
        if each.value != entry.holds.value
    )


def _who(replica: NodeId, known: dict[NodeId, str]) -> str:
    return known.get(replica) or replica[:8]


def _first_line(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line), "")
    return first if len(first) <= LINE_CHARS_MAX else f"{first[:LINE_CHARS_MAX]}…"
