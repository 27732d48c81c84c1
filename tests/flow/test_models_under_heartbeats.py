"""Loading a model takes seconds of disk and of one thread; the lease is kept beside it.

A Dragon says each second that it is there, and a lease ends after three seconds of silence.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import psutil

from common.clients.inference import InferenceClient
from common.model.llm import ChatMessage, GenerationRequest
from dragon_node.inference.fetching.pins import SMOLLM2
from scripts.bench.stage import second_laptop
from tests.support.leases import watched_lease
from tests.support.mesh import Mesh

TURNS = 3
LAPSE_S = 20.0


async def test_loading_never_costs_a_lease(mesh: Mesh, models_dir: Path) -> None:
    """The first load imports MLX, mlx_lm and transformers, and maps half a gigabyte."""
    await asyncio.to_thread(mesh.up, wait="ready")
    async with (
        second_laptop(mesh) as membership,
        watched_lease(membership, "dragon") as lease,
    ):
        client = InferenceClient(membership.routed("inference"))
        for _ in range(TURNS):
            states = [model.state async for model in client.load(SMOLLM2.model)]
            assert states[-1] == "loaded"
            assert (await client.unload(SMOLLM2.model)).state == "ready"
    assert lease.states == {"serving"}
    assert lease.shortest_s > 0
    assert lease.looks > TURNS
    log = (mesh.home / "dragon" / "dragon.log").read_text()
    assert "lost the Coordinator" not in log


async def test_neither_does_a_load_that_a_request_waits_for(mesh: Mesh, models_dir: Path) -> None:
    await asyncio.to_thread(mesh.up, wait="ready")
    async with (
        second_laptop(mesh) as membership,
        watched_lease(membership, "dragon") as lease,
    ):
        client = InferenceClient(membership.routed("inference"))
        request = GenerationRequest(SMOLLM2.model, (ChatMessage("user", "Hello"),), 4)
        said = [piece async for piece in client.generate(request)]
    assert said[-1].finish
    assert lease.states == {"serving"}
    assert lease.shortest_s > 0


async def test_a_dragon_that_stands_still_is_seen_to_lose_it(mesh: Mesh) -> None:
    """The control: what the others would have seen."""
    await asyncio.to_thread(mesh.up, wait="ready")
    dragon = psutil.Process(mesh.pid("dragon"))
    async with (
        second_laptop(mesh) as membership,
        watched_lease(membership, "dragon") as lease,
        asyncio.timeout(LAPSE_S),
    ):
        dragon.send_signal(signal.SIGSTOP)
        try:
            await lease.lapsed.wait()
        finally:
            dragon.send_signal(signal.SIGCONT)
    assert "gone" in lease.states
