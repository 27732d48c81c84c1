"""The models of this machine, opened: its memory read, its catalogue found, its pins kept."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from common.clock import Clock, SystemClock
from dragon_node.inference.budget.gauge import Gauge
from dragon_node.inference.budget.governor import Governor
from dragon_node.inference.budget.machine import read_machine
from dragon_node.inference.budget.outset import check_fixed
from dragon_node.inference.catalog.catalog import Catalog
from dragon_node.inference.catalog.defaults import defaults
from dragon_node.inference.catalog.embedding_choice import Choice
from dragon_node.inference.catalog.pinned import Pinned
from dragon_node.inference.fetching.pulling import Pulling
from dragon_node.inference.gpu import present_gpu
from dragon_node.inference.models import Models, Parts
from dragon_node.inference.stock import Stock

log = logging.getLogger(__name__)

CATALOG = "models.toml"
PINNED = "models-pinned.json"
EMBEDDER = "embedder.json"


@asynccontextmanager
async def open_models(
    weights: Path,
    directory: Path,
    *,
    lake_bytes: int,
    memory_bytes: int = 0,
    prefill_tokens: int = 0,
    clock: Clock | None = None,
) -> AsyncGenerator[Models]:
    """Over the weights in `weights` and the owner's files in `directory`. `memory_bytes` is what
    models and lake may take together; 0 is all that the machine has. Invalid when that is more, or
    less than lake, reserve and embedder take by themselves. `prefill_tokens`: see Scheduler."""
    gpu = await asyncio.to_thread(present_gpu)
    machine = read_machine(memory_bytes, gpu)
    clock = clock or SystemClock()
    governor = Governor.of(machine, lake_bytes, clock=clock)
    plan_bytes = governor.ledger.memory_bytes
    log.info("%s from=%s gpu=%s", governor.sentence(), machine.source, gpu and gpu.name)
    platform = "darwin" if sys.platform == "darwin" else "linux"
    catalog = Catalog(weights, directory / CATALOG, defaults(plan_bytes, platform))
    pinned = await asyncio.to_thread(Pinned, directory / PINNED)
    choice = await asyncio.to_thread(Choice, directory / EMBEDDER)
    gauge = await asyncio.to_thread(Gauge.of_this_machine, gpu.uuid if gpu else "")
    stock = Stock(catalog)
    parts = Parts(
        catalog, stock, pinned, choice, governor, Pulling(weights), gauge, clock, prefill_tokens
    )
    async with Models.open(parts) as models:
        check_fixed(governor.ledger, machine)
        yield models
