"""What goes wrong under the models, as callers on real gRPC and health see it: who it concerns is
told in a sentence, and everybody else goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from common.alongside import alongside
from common.clients.inference import InferenceClient
from common.errors import Corrupt, Invalid, OverLimit, Unavailable
from common.model.llm import ChatMessage, Generated, GenerationRequest
from common.pb.postdevai.v1.inference_service_pb2_grpc import (
    add_InferenceServiceServicer_to_server,
)
from dragon_node.inference.opened import CATALOG, open_models
from dragon_node.models_health import INFERENCE, follow_models
from dragon_node.service_inference import InferenceService
from tests.support.served import served_in_health
from tests.support.tiny_models import tiny_model

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
LAKE_BYTES = 1 << 28
STREAMER = """
import asyncio, sys, grpc
from common.pb.postdevai.v1 import inference_service_pb2 as pb
from common.pb.postdevai.v1.inference_service_pb2_grpc import InferenceServiceStub

async def main():
    async with grpc.aio.insecure_channel(sys.argv[1]) as channel:
        message = pb.ChatMessage(role="user", content="Hello")
        request = pb.GenerateRequest(model="good", messages=[message], max_tokens=1900)
        async for _ in InferenceServiceStub(channel).Generate(request):
            print("speaking", flush=True)

asyncio.run(main())
"""


@dataclass
class Stage:
    """A Dragon's models on a port."""

    address: str
    client: InferenceClient
    models: Any
    channel: grpc.aio.Channel

    async def health(self) -> Any:
        """The health service's word on the models."""
        stub: Any = health_pb2_grpc.HealthStub(self.channel)
        return (
            await stub.Check(health_pb2.HealthCheckRequest(service=INFERENCE), timeout=10)
        ).status

    async def until_health(self, wanted: int) -> None:
        """Watches until health says so."""
        stub: Any = health_pb2_grpc.HealthStub(self.channel)
        async for word in stub.Watch(health_pb2.HealthCheckRequest(service=INFERENCE)):
            if word.status == wanted:
                return

    async def say(self, model: str = "good", tokens: int = 8, **fields: Any) -> list[Generated]:
        """A whole answer."""
        request = GenerationRequest(model, (ChatMessage("user", "Hello"),), tokens, **fields)
        return [piece async for piece in self.client.generate(request)]

    async def until_running(self, number: int) -> None:
        """Asks until so many requests are generated; each answer is the Dragon's own word."""
        async with asyncio.timeout(60):
            while (await self.client.stats()).running != number:
                continue


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    async with opened(tmp_path) as made:
        yield made


@asynccontextmanager
async def opened(here: Path, memory_bytes: int = 0) -> AsyncGenerator[Stage]:
    entries = ""
    for seed, name in enumerate(("good", "broken", "silent", "template")):
        tiny_model(here / name, seed=seed)
        entries += f'[models.{name}]\nsource = "directory:{here}/{name}"\npurpose = "code"\n'
    (here / CATALOG).write_text(entries)
    (here / "weights").mkdir()
    async with open_models(
        here / "weights", here, lake_bytes=LAKE_BYTES, memory_bytes=memory_bytes
    ) as models:
        service = InferenceService(models)
        add = lambda server: add_InferenceServiceServicer_to_server(service, server)  # noqa: E731
        async with served_in_health(add) as there:
            health = follow_models(there.server, models, look_s=0.02)
            async with alongside(health):
                client = InferenceClient(there.routed)
                yield Stage(there.address, client, models, there.channel)


async def test_health_says_that_models_serve_and_nothing_of_what_it_does_not_know(stage: Stage):
    await stage.until_health(SERVING)
    assert await stage.health() == SERVING


async def test_a_broken_weights_file_is_its_models_alone(stage: Stage, tmp_path: Path):
    weights = tmp_path / "broken" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(Corrupt, match="broken"):
        await stage.say("broken")
    states = {m.name: m for m in await stage.client.models()}
    assert states["broken"].state == "failed"
    assert "broken" in states["broken"].detail or "model.safetensors" in states["broken"].detail
    assert (await stage.say())[-1].finish
    await stage.until_health(SERVING)


async def test_a_template_that_raises_is_invalid_and_names_the_messages(
    stage: Stage, tmp_path: Path
):
    tiny_model(tmp_path / "template", template="{{ raise_exception('only one message') }}")
    with pytest.raises(Invalid, match="only one message") as why:
        await stage.say("template")
    assert why.value.field == "messages"
    assert (await stage.say())[-1].finish


async def test_an_exhausted_budget_is_refused_with_the_sum_and_is_no_fault_of_health(
    tmp_path: Path,
):
    # Room for the lake, the embedder, the reserve and half a million bytes.
    room = LAKE_BYTES + 100_000_000 + 768_000_000 + 500_000
    async with opened(tmp_path, memory_bytes=room) as stage:
        assert (await stage.say(tokens=4))[-1].finish
        with pytest.raises(OverLimit, match="reserve"):
            await stage.say(tokens=2_000)
        assert (await stage.client.stats()).refused == 1
        await stage.until_health(SERVING)


async def test_a_step_that_fails_is_told_to_its_callers_and_the_model_loads_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    from dragon_node.inference.engines.continuous import BatchedEngine

    def broken(self: Any, prompt_tokens: int) -> Any:
        raise RuntimeError("There is no Stream(cpu, 3)")

    with monkeypatch.context() as patched:
        patched.setattr(BatchedEngine, "step", broken)
        with pytest.raises(Unavailable, match="There is no Stream"):
            await stage.say()
    assert (await stage.client.stats()).failed >= 1  # the way there tries again
    assert (await stage.say())[-1].finish
    await stage.until_health(SERVING)


async def test_an_owner_thread_that_dies_is_seen_by_health_and_callers_and_is_followed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    """mlx-lm's server went on saying that it was well (1129)."""
    from dragon_node.inference.scheduling.owner import Owner

    await stage.until_health(SERVING)
    may_die = asyncio.Event()
    turn = Owner._turn

    def dying(self: Any) -> None:
        if may_die.is_set():
            may_die.clear()
            raise MemoryError("out of memory on the GPU")
        turn(self)

    monkeypatch.setattr(Owner, "_turn", dying)
    assert (await stage.say())[-1].finish
    may_die.set()
    with pytest.raises(Unavailable, match="out of memory on the GPU"):
        await stage.say()
    await stage.until_health(NOT_SERVING)
    assert "died" in (await stage.client.stats()).fault
    await stage.until_health(SERVING)
    assert (await stage.say())[-1].finish
    assert not (await stage.client.stats()).fault


async def test_a_client_that_is_killed_frees_its_slot(stage: Stage):
    streamer = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", STREAMER, stage.address),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert streamer.stdout is not None
    assert await streamer.stdout.readline() == b"speaking\n"
    await stage.until_running(1)
    streamer.send_signal(signal.SIGKILL)
    await streamer.wait()
    await stage.until_running(0)
    stats = await stage.client.stats()
    assert stats.cancelled == 1
    assert {s.name: s.bytes for s in stats.shares}["kv"] == 0
    assert (await stage.say())[-1].finish


async def test_a_deadline_ends_the_answer_as_it_is(stage: Stage):
    pieces = await stage.say(tokens=1_900, timeout_s=0.3)
    assert pieces[-1].finish == "deadline"
    assert 0 < pieces[-1].completion_tokens < 1_900
