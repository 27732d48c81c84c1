"""Which stores the old version cannot read any more: only those are put back from the copy.

Whatever else the nodes keep stays as it is now: what was acknowledged since the copy is there, and
whoever was put out since stays out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from common.daemon.home import Home
from common.errors import Conflict, Corrupt
from developer_node.front.output_words import count
from developer_node.front.upgrade import record
from developer_node.front.upgrade.environment import Environment
from developer_node.front.upgrade.record import Record

OUTBOX = "developer/outbox.db"
JOURNAL = "dragon/journal.db"
COORDINATOR = "coordinator/"
"""Of its state the file may have another name, after a move from one engine to another."""
_LAKE = ("journal.db", "embeddings.db", "generations", "shelf", "asleep.json")
"""Generations go on from their journal, and from no other."""


def to_put_back(home: Home, made: Record, old: Environment) -> tuple[str, ...]:
    """Of the stores whose format the upgrade changes, those that the old program cannot read as
    they are now."""
    changed = made.changed_stores
    if not changed:
        return ()
    try:
        now = {each.store: each for each in old.formats(home.root)}
    except Corrupt:
        return changed
    return tuple(each for each in changed if each not in now or not now[each].readable)


def files(stores: Collection[str]) -> tuple[str, ...]:
    """What is put back with them, below HOME."""
    found: dict[str, None] = {}
    for store in stores:
        names = [f"dragon/{name}" for name in _LAKE] if store == JOURNAL else [store]
        found |= dict.fromkeys(names)
    return tuple(found)


def of_the_coordinator(stores: Collection[str]) -> tuple[str, ...]:
    """Those in which it keeps who is let in."""
    return tuple(each for each in stores if each.startswith(COORDINATOR))


def refuse_lost_decisions(stores: Collection[str], made: Record) -> None:
    """Conflict where whoever was put out since the upgrade would be let in again."""
    if of_the_coordinator(stores):
        raise Conflict(
            f"version {made.from_version} cannot read what the Coordinator keeps now, and on the "
            "copy whoever was put out since the upgrade would come in again",
            hint=f"stay with {made.to_version}, or go on to a later version: "
            "postdevai upgrade --to WHEEL; nothing was changed",
        )


def said_of_what_is_left(home: Home, made: Record, stores: Collection[str]) -> list[str]:
    """A sentence for each store that is put back: what it holds that the copy does not."""
    if not stores:
        return []
    now = Environment(Path(made.to_root)).records(home.root)
    then = Environment(Path(made.from_root)).records(record.directory(home) / "before")
    return [_of(store, now, then, lake=JOURNAL in stores) for store in stores]


def _of(store: str, now: Mapping[str, int], then: Mapping[str, int], *, lake: bool) -> str:
    if store == OUTBOX:
        kept = "" if lake else " What it has stays there."
        if store not in now:
            return f"{store}: what waits in it for the Dragon is left in after.{kept}"
        if not now[store]:
            return f"{store}: nothing in it waits for the Dragon.{kept}"
        waits = count(now[store], "record")
        return f"{store}: {waits} that the Dragon does not have yet, left in after.{kept}"
    if store == JOURNAL:
        if store not in now or store not in then:
            return f"{store}: what all laptops recorded since is left in after."
        since = count(max(0, now[store] - then[store]), "record")
        return f"{store}: {since} that all laptops recorded since, left in after."
    return f"{store}: what changed in it since is left in after."
