"""What waits in the outbox when the daemon starts: the Dragon has not told of it, so the mirror is
shown it as if it were recorded now."""

from __future__ import annotations

import logging
from typing import Protocol

from common.errors import Corrupt, Invalid, PostDevAIError
from common.model.event import Event
from common.wire.stored import event_from_bytes
from developer_node.near.local import EVENTS_MAX
from developer_node.near.mirror import Mirror
from developer_node.outbox.lanes import Lane
from developer_node.outbox.spans import Held

log = logging.getLogger(__name__)

RECORDS_AT_ONCE = 100
BYTES_AT_ONCE = 4 << 20


class Waiting(Protocol):
    """What of the outbox is needed."""

    def every(self) -> tuple[Lane, ...]: ...


async def see_waiting(outbox: Waiting, mirror: Mirror) -> None:
    """The newest records that wait, oldest first; what is recorded meanwhile is left to others. An
    outbox that cannot be read says so where that matters."""
    try:
        await _see(outbox, mirror)
    except PostDevAIError as error:
        log.warning("what waits is not shown to the mirror: %s", error.message)


async def _see(outbox: Waiting, mirror: Mirror) -> None:
    for lane in outbox.every():
        await _see_lane(lane, mirror)


async def _see_lane(outbox: Lane, mirror: Mirror) -> None:
    position = await outbox.position()
    after = max(position.first_held - 1, position.last - EVENTS_MAX)
    while after < position.last:
        held = await outbox.batch(after, records_max=RECORDS_AT_ONCE, bytes_max=BYTES_AT_ONCE)
        for record in held:
            if record.seq <= position.last and (event := _event(record)) is not None:
                mirror.seen(event)
        after = held[-1].seq if held else position.last


def _event(record: Held) -> Event | None:
    try:
        return event_from_bytes(record.body)
    except (Corrupt, Invalid) as error:
        log.warning("record %d that waits is not shown: %s", record.seq, error.message)
        return None
