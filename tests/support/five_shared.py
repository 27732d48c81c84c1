"""What both laptops share, as each of them has it, against what was acknowledged to either."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.daemon.home import Home
from common.model.shared import SharedItem
from developer_node.front.local_client import LocalClient
from tests.support.five_clients import PROJECT
from tests.support.history import History, invented, lost, out_of_order, twice
from tests.support.shared_history import wrong_settings


@dataclass(frozen=True, slots=True)
class Shared:
    """What is this laptop's own is left out: what waits, and where a text's change starts."""

    pins: tuple[SharedItem, ...]
    settings: tuple[SharedItem, ...]
    notes: tuple[SharedItem, ...]
    """With their texts."""


async def shared_on(home: Home) -> Shared:
    """As its daemon tells it."""
    async with await LocalClient.connect(home) as client:
        of = client.shared
        notes = [
            await of.item("note", each.scope, each.key)
            for each in await of.items("note", every=True)
        ]
        return Shared(
            tuple(map(_everywhere, await of.items("pin", PROJECT))),
            tuple(map(_everywhere, await of.items("setting", every=True))),
            tuple(map(_everywhere, notes)),
        )


def _everywhere(item: SharedItem) -> SharedItem:
    return replace(item, waits=False, version=b"")


def wrong_shared(history: History, shared: Shared) -> list[str]:
    """Every pin, each setting's last edits, and every line of the notes, once."""
    pins = [item.key for item in shared.pins]
    lines = [line for note in shared.notes for line in note.value.splitlines()]
    wrong = lost(history, "pin", pins) + twice("pin", pins) + invented(history, "pin", pins)
    wrong += lost(history, "line", lines) + twice("line", lines)
    wrong += invented(history, "line", lines)
    for note in shared.notes:
        wrong += out_of_order(history, "line", note.value.splitlines())
    return wrong + wrong_settings(history.edits, shared.settings)
