"""Models over real gRPC: what a caller gets, and which field is at fault when it gets nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from common.clients.inference import InferenceClient
from common.errors import Invalid, Missing, Unavailable
from common.model.llm import ChatMessage
from common.pb.postdevai.v1 import inference_service_pb2 as pb
from common.pb.postdevai.v1.inference_service_pb2_grpc import (
    add_InferenceServiceServicer_to_server,
)
from dragon_node.inference.fetching import pins
from dragon_node.inference.models import Models
from dragon_node.service_inference import InferenceService, prompt_from_pb
from tests.support.models import models_dir as models_dir
from tests.support.served import served

HELLO = (ChatMessage("user", "Hello"),)


@pytest_asyncio.fixture
async def client(models_dir: Path) -> AsyncGenerator[InferenceClient]:
    async with reached(models_dir) as opened:
        yield opened


@pytest_asyncio.fixture
async def empty(tmp_path: Path) -> AsyncGenerator[InferenceClient]:
    async with reached(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def reached(directory: Path) -> AsyncGenerator[InferenceClient]:
    async with Models.open(directory) as models:
        service = InferenceService(models)
        async with served(lambda s: add_InferenceServiceServicer_to_server(service, s)) as way:
            yield InferenceClient(way[0])


def message(**fields: Any) -> pb.GenerateRequest:
    hello = pb.ChatMessage(role="user", content="Hello")
    wanted: dict[str, Any] = {"messages": [hello]} | fields
    return pb.GenerateRequest(**wanted)


async def test_generating_streams_and_ends_with_the_counts(client: InferenceClient):
    pieces = [piece async for piece in client.generate(HELLO, max_tokens=6)]
    assert "".join(piece.text for piece in pieces)
    assert (pieces[-1].finish, pieces[-1].completion_tokens) == ("length", 6)
    assert pieces[-1].model == pins.SMOLLM2.model
    assert all(piece.finish == "" for piece in pieces[:-1])


async def test_vectors_come_with_the_name_of_who_made_them(client: InferenceClient):
    made = await client.embed(["one text", "another"])
    assert made.embedder.startswith("bge-small-en-v1.5/int8")
    assert [len(vector) for vector in made.vectors] == [384, 384]
    assert sum(x * x for x in made.vectors[0]) == pytest.approx(1.0, abs=1e-5)
    assert (await client.embed(["one text"], query=True)).vectors[0] != made.vectors[0]


async def test_the_catalogue_is_listed_in_its_order(client: InferenceClient):
    listed = await client.models()
    assert [(m.name, m.purpose) for m in listed] == [
        (pins.SMOLLM2.model, "fast"),
        (pins.BGE.model, "embedding"),
    ]
    assert {m.state for m in listed} == {"ready"}


async def test_without_models_each_call_says_so(empty: InferenceClient):
    assert {m.state for m in await empty.models()} == {"missing"}
    with pytest.raises(Unavailable, match="no model"):
        await anext(empty.generate(HELLO))
    with pytest.raises(Unavailable, match="no model"):
        await empty.embed(["text"])


async def test_an_unknown_model_is_missing_and_the_hint_names_what_there_is(
    empty: InferenceClient,
):
    with pytest.raises(Missing) as why:
        await anext(empty.generate(HELLO, model="gpt-17"))
    assert pins.SMOLLM2.model in why.value.hint


async def test_an_embedder_is_not_asked_to_speak(empty: InferenceClient):
    with pytest.raises(Invalid, match="does not speak") as why:
        await anext(empty.generate(HELLO, model="embedding"))
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


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (message(messages=[]), "messages"),
        (message(messages=[pb.ChatMessage(role="user")] * 101), "messages"),
        (message(messages=[pb.ChatMessage(role="user", content="x" * 200_001)]), "messages"),
        (message(messages=[pb.ChatMessage(role="robot")]), "messages[0].role"),
        (message(model="m" * 201), "model"),
        (message(max_tokens=-1), "max_tokens"),
        (message(max_tokens=4_097), "max_tokens"),
        (message(temperature=-0.1), "temperature"),
        (message(temperature=float("nan")), "temperature"),
        (message(temperature=2.1), "temperature"),
    ],
)
def test_a_malformed_prompt_names_its_field(request_: pb.GenerateRequest, field: str):
    with pytest.raises(Invalid) as why:
        prompt_from_pb(request_)
    assert why.value.field == field


def test_what_is_left_out_has_its_default():
    prompt = prompt_from_pb(message())
    assert (prompt.model, prompt.max_tokens, prompt.temperature) == ("fast", 256, 0.0)
