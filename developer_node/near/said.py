"""What the mirror says of itself, for people."""

from __future__ import annotations

from datetime import UTC, datetime

from common.model.lake import KeptItem
from developer_node.near.file import MirrorFile
from developer_node.near.store import Standing

EMPTY = "The Dragon has not told yet what it remembers."


def sentence(damage: str, now: Standing, bytes_max: int) -> str:
    """What is wrong with it, or why it is empty; empty when nothing is."""
    said = [damage, "" if now.as_of_ms else EMPTY]
    if now.since_ms:
        day = datetime.fromtimestamp(now.since_ms / 1000, UTC).strftime("%d %B %Y")
        most = bytes_max >> 20
        said.append(f"It is full ({most} MiB): what was last seen before {day} is left out.")
    return " ".join(each for each in said if each)


def kept(file: MirrorFile, now: Standing, bytes_max: int) -> KeptItem:
    """What is kept, where, and what ends its stay."""
    return KeptItem(
        "mirror of failures and of the newest events",
        str(file.path),
        now.symptoms + now.events,
        file.bytes(),
        newest_ms=now.as_of_ms,
        encrypted=True,
        until=f"until the Dragon forgets it, or {bytes_max >> 20} MiB are full",
    )
