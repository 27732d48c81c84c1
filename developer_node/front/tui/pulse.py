"""How busy the nodes and the person were lately: samples of CPU, events by the minute, bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from common.model.ids import NodeId
from common.model.laptop import LaptopStatus
from developer_node.front.tui.gauges import Samples

if TYPE_CHECKING:
    from developer_node.front.tui.notebook import Entry

NODES_MAX = 16
MINUTES = 30
MINUTE_MS = 60_000
_CPU_SAMPLES = 64


class Pulse:
    """Told every status that comes."""

    def __init__(self) -> None:
        self._cpu: dict[NodeId, Samples] = {}

    def take(self, status: LaptopStatus, now_ms: int) -> None:
        """A sample of each node that beats; those that left are forgotten."""
        there = [node for node in status.nodes if node.state != "gone"][:NODES_MAX]
        held = {node.id: self._cpu.get(node.id) or Samples(_CPU_SAMPLES) for node in there}
        for node in there:
            held[node.id].add(now_ms, node.load.cpu)
        self._cpu = held

    def cpu(self, node: NodeId) -> list[float]:
        """Of one core, oldest first."""
        held = self._cpu.get(node)
        return [sample.value for sample in held.held] if held else []


def by_minute(entries: Sequence[Entry], now_ms: int) -> list[float]:
    """Events of each of the last minutes, the one that runs last; entries newest first."""
    minutes = [0.0] * MINUTES
    for entry in entries:
        ago = (now_ms - entry.event.at_ms) // MINUTE_MS
        if ago >= MINUTES:
            break
        minutes[MINUTES - 1 - max(0, ago)] += 1
    return minutes
