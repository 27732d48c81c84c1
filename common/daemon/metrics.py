"""A daemon's numbers for Prometheus, on a loopback port: looked up when they are asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from common.daemon.ports import Ports

LOOPBACK = "127.0.0.1"
LOOK_S = 5.0
"""A scrape that takes longer fails: no number is better than an old one."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One number. `postdevai_` is put before its name, which ends in its unit."""

    name: str
    what: str
    """For people who read the page."""
    value: float
    labels: dict[str, str] = field(default_factory=dict[str, str])


Look = Callable[[], Awaitable[Sequence[Measured]]]


class _Asked(Collector):
    """Asks the daemon's loop, from the thread that answers the scrape."""

    def __init__(self, look: Look, loop: asyncio.AbstractEventLoop) -> None:
        self._look = look
        self._loop = loop

    def collect(self) -> Iterator[GaugeMetricFamily]:
        asked = asyncio.run_coroutine_threadsafe(self._measured(), self._loop)
        try:
            measured = asked.result(LOOK_S)
        except TimeoutError:
            asked.cancel()
            raise
        families: dict[str, GaugeMetricFamily] = {}
        for one in measured:
            name = f"postdevai_{one.name}"
            labels = sorted(one.labels)
            family = families.setdefault(name, GaugeMetricFamily(name, one.what, labels=labels))
            family.add_metric([one.labels[label] for label in labels], one.value)
        yield from families.values()

    async def _measured(self) -> Sequence[Measured]:
        return await self._look()


@asynccontextmanager
async def open_metrics(ports: Ports, name: str, look: Look) -> AsyncGenerator[str]:
    """Serves until the block ends; yields the address. `name` is that of the port to remember."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Asked(look, asyncio.get_running_loop()))
    port = ports.reserve(name, LOOPBACK)
    server, thread = start_http_server(port, LOOPBACK, registry)
    try:
        yield f"{LOOPBACK}:{port}"
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        await asyncio.to_thread(thread.join)
