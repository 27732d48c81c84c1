"""Models over real gRPC: what a caller gets, and which field is at fault when it gets nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from common.clients.inference import InferenceClient
from common.errors import Conflict, Invalid, Missing, Unavailable
from common.model.llm import ChatMessage, Generated, GenerationRequest, Tool
from common.pb.postdevai.v1 import inference_service_pb2 as pb
from common.pb.postdevai.v1.inference_service_pb2_grpc import (
    add_InferenceServiceServicer_to_server,
)
from dragon_node.inference.fetching import pins
from dragon_node.inference.opened import CATALOG, open_models
from dragon_node.service_inference import InferenceService
from dragon_node.service_limits import request_from_pb
from tests.support.models import models_dir as models_dir
from tests.support.served import served
from tests.support.tiny_models import tiny_model

HELLO = (ChatMessage("user", "Hello"),)


@pytest_asyncio.fixture
async def client(models_dir: Path, tmp_path: Path) -> AsyncGenerator[InferenceClient]:
    """The real embedder, and a model of random weights."""
    tiny_model(tmp_path / "tiny")
    (tmp_path / CATALOG).write_text(
        f'[models.tiny]\nsource = "directory:{tmp_path}/tiny"\npurpose = "fast"\npriority = 1\n'
    )
    async with reached(models_dir, tmp_path) as opened:
        yield opened


@pytest_asyncio.fixture
async def empty(tmp_path: Path) -> AsyncGenerator[InferenceClient]:
    async with reached(tmp_path, tmp_path) as opened:
        yield opened


@asynccontextmanager
async def reached(weights: Path, home: Path) -> AsyncGenerator[InferenceClient]:
    async with open_models(weights, home, lake_bytes=1 << 28) as models:
        service = InferenceService(models)
        async with served(lambda s: add_InferenceServiceServicer_to_server(service, s)) as way:
            yield InferenceClient(way[0])


def message(**fields: Any) -> pb.GenerateRequest:
    hello = pb.ChatMessage(role="user", content="Hello")
    wanted: dict[str, Any] = {"messages": [hello]} | fields
    return pb.GenerateRequest(**wanted)


async def said(client: InferenceClient, **fields: Any) -> list[Generated]:
    wanted: dict[str, Any] = {"messages": HELLO, "max_tokens": 6} | fields
    return [piece async for piece in client.generate(GenerationRequest(**wanted))]


async def test_generating_streams_and_ends_with_the_counts(client: InferenceClient):
    pieces = await said(client)
    assert (pieces[-1].finish, pieces[-1].model) in [("length", "tiny"), ("stop", "tiny")]
    assert pieces[-1].prompt_tokens > 5
    assert 1 <= pieces[-1].completion_tokens <= 6
    assert all(piece.finish == "" for piece in pieces[:-1])


async def test_the_same_prompt_again_is_read_from_the_cache(client: InferenceClient):
    first, second = (await said(client))[-1], (await said(client))[-1]
    assert first.cached_tokens == 0
    assert 0 < second.cached_tokens < second.prompt_tokens


async def test_the_same_seed_gives_the_same_words_and_another_seed_others(client: InferenceClient):
    async def text(seed: int) -> str:
        pieces = await said(client, seed=seed, temperature=1.5, max_tokens=24)
        return "".join(piece.text for piece in pieces)

    assert await text(7) == await text(7)
    assert await text(7) != await text(8)


async def test_an_answer_keeps_to_its_schema_whatever_the_model_would_say(
    client: InferenceClient,
):
    schema = json.dumps(
        {
            "type": "object",
            "properties": {"kind": {"enum": ["bug", "feature"]}, "sure": {"type": "boolean"}},
            "required": ["kind", "sure"],
            "additionalProperties": False,
        }
    )
    pieces = await said(client, json_schema=schema, max_tokens=200)
    parsed = json.loads("".join(piece.text for piece in pieces))
    assert parsed["kind"] in ("bug", "feature")
    assert parsed["sure"] in (True, False)
    assert pieces[-1].finish == "stop"


async def test_logprobs_come_one_a_token_best_first(client: InferenceClient):
    pieces = await said(client, logprobs=True, top_logprobs=3)
    logprobs = [one for piece in pieces for one in piece.logprobs]
    assert len(logprobs) == pieces[-1].completion_tokens - (pieces[-1].finish == "stop")
    for one in logprobs:
        assert one.logprob <= 0
        assert len(one.top) == 3
        assert one.top[0].logprob == pytest.approx(one.logprob)  # greedy takes the likeliest


async def test_tools_that_a_template_does_not_take_are_refused_in_plain_words(
    client: InferenceClient,
):
    with pytest.raises(Invalid, match="takes no tools") as why:
        await said(client, tools=(Tool("look"),))
    assert why.value.field == "tools"


async def test_vectors_come_with_the_name_of_who_made_them(client: InferenceClient):
    made = await client.embed(["one text", "another"])
    assert made.embedder.startswith("bge-small-en-v1.5/int8")
    assert [len(vector) for vector in made.vectors] == [384, 384]
    assert sum(x * x for x in made.vectors[0]) == pytest.approx(1.0, abs=1e-5)
    assert (await client.embed(["one text"], query=True)).vectors[0] != made.vectors[0]
    assert (await client.embed(["one text"], model=pins.BGE.model)).vectors[0] == made.vectors[0]


async def test_the_catalogue_is_listed_with_what_each_takes(client: InferenceClient):
    listed = {m.name: m for m in await client.models()}
    assert listed["tiny"].state == "ready"
    assert listed["tiny"].needs_bytes > 0
    assert listed["tiny"].kv_bytes_per_token > 0
    assert listed[pins.BGE.model].active


async def test_a_model_is_loaded_pinned_unpinned_and_unloaded(client: InferenceClient):
    assert [m.state async for m in client.load("tiny")][-1] == "loaded"
    assert (await client.pin("tiny", pinned=True)).pinned
    with pytest.raises(Conflict, match="pinned"):
        await client.unload("tiny")
    await client.pin("tiny", pinned=False)
    assert (await client.unload("tiny")).state == "ready"


async def test_watching_goes_on_from_a_cursor(client: InferenceClient):
    async with aclosing(client.watch()) as changes:
        first = await anext(changes)
    assert first.reset
    async for _ in client.load("tiny"):
        pass
    async with aclosing(client.watch(first.cursor)) as changes:
        again = await anext(changes)
    assert not again.reset
    assert again.model.name == "tiny"
    assert again.cursor > first.cursor


async def test_the_numbers_tell_what_was_done(client: InferenceClient):
    await said(client)
    stats = await client.stats()
    assert stats.completion_tokens > 0
    assert stats.finished == 1
    assert sum(share.bytes for share in stats.shares) < stats.memory_bytes
    assert stats.wired_bytes == -1 or stats.wired_bytes > 0


async def test_pulling_a_directory_is_invalid_and_what_is_there_is_ready_at_once(
    client: InferenceClient,
):
    with pytest.raises(Invalid, match="looks after"):
        _ = [m async for m in client.pull("tiny")]
    assert [m.state async for m in client.pull(pins.BGE.model)] == ["ready"]


async def test_without_models_each_call_says_so(empty: InferenceClient):
    assert {m.state for m in await empty.models()} == {"missing"}
    with pytest.raises(Unavailable, match="no model"):
        await said(empty)
    with pytest.raises(Unavailable, match="no model"):
        await empty.embed(["text"])


@pytest.mark.parametrize("method", ["load", "pull"])
async def test_an_unknown_model_is_missing_and_the_hint_names_what_there_is(
    empty: InferenceClient, method: str
):
    with pytest.raises(Missing) as why:
        await said(empty, model="gpt-17")
    assert pins.SMOLLM2.model in why.value.hint
    with pytest.raises(Missing):
        _ = [m async for m in getattr(empty, method)("gpt-17")]


async def test_an_embedder_is_not_asked_to_speak(empty: InferenceClient):
    with pytest.raises(Invalid, match="does not speak") as why:
        await said(empty, model="embedding")
    assert why.value.field == "model"


@pytest.mark.parametrize(
    ("texts", "field"),
    [([], "texts"), (["x"] * 257, "texts"), (["x", "y" * 100_001], "texts[1]")],
)
async def test_malformed_texts_name_their_field(
    empty: InferenceClient, texts: list[str], field: str
):
    with pytest.raises(Invalid) as why:
        await empty.embed(texts)
    assert why.value.field == field


USER = pb.ChatMessage(role="user", content="Hello")
CALLED = pb.ChatMessage(role="assistant", tool_calls=[pb.ToolCall(name="f", arguments="7")])


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (message(messages=[]), "messages"),
        (message(messages=[USER] * 1_001), "messages"),
        (message(messages=[pb.ChatMessage(role="user", content="x" * 2_000_001)]), "messages"),
        (message(messages=[pb.ChatMessage(role="robot")]), "messages[0].role"),
        (message(messages=[USER, CALLED]), "messages[1].tool_calls[0].arguments"),
        (message(model="m" * 201), "model"),
        (message(max_tokens=-1), "max_tokens"),
        (message(max_tokens=32_769), "max_tokens"),
        (message(temperature=-0.1), "temperature"),
        (message(temperature=float("nan")), "temperature"),
        (message(temperature=2.1), "temperature"),
        (message(top_p=1.1), "top_p"),
        (message(top_k=-1), "top_k"),
        (message(min_p=-0.1), "min_p"),
        (message(repetition_penalty=0.5), "repetition_penalty"),
        (message(repetition_penalty=float("inf")), "repetition_penalty"),
        (message(stop=["x"] * 9), "stop"),
        (message(stop=["x", ""]), "stop[1]"),
        (message(top_logprobs=11), "top_logprobs"),
        (message(json_schema="x" * 65_537), "json_schema"),
        (message(regex="x" * 4_097), "regex"),
        (message(tools=[pb.Tool(name="f")] * 65), "tools"),
        (message(tools=[pb.Tool(name="no spaces")]), "tools[0].name"),
        (message(tools=[pb.Tool(name="f", parameters="[]")]), "tools[0].parameters"),
        (message(thinking="maybe"), "thinking"),
        (message(timeout_s=-1), "timeout_s"),
        (message(timeout_s=float("nan")), "timeout_s"),
    ],
)
def test_a_malformed_prompt_names_its_field(request_: pb.GenerateRequest, field: str):
    with pytest.raises(Invalid) as why:
        request_from_pb(request_)
    assert why.value.field == field
