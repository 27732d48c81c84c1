"""What mlx_lm.server sends is read as it is meant."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from scripts.bench.heard import ask
from scripts.bench.mlx_server import HOST, MlxServer

HEAD = "HTTP/1.0 200 OK\r\nContent-type: text/event-stream\r\n\r\n"


@asynccontextmanager
async def answering(answer: str) -> AsyncGenerator[tuple[MlxServer, list[bytes]]]:
    """A server that gives this to everybody, and what it was asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        asked.append(await reader.readexactly(length))
        writer.write(answer.encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    async with server:
        yield MlxServer(server.sockets[0].getsockname()[1], 0), asked


def event(**chunk: object) -> str:
    return f"data: {json.dumps(chunk)}\n\n"


def choice(text: str, finish: str | None = None) -> dict[str, object]:
    return {"index": 0, "finish_reason": finish, "delta": {"role": "assistant", "content": text}}


async def test_text_and_counts_are_taken_and_signs_of_life_passed_over() -> None:
    usage = {
        "prompt_tokens": 30,
        "completion_tokens": 2,
        "prompt_tokens_details": {"cached_tokens": 20},
    }
    said = (
        HEAD
        + ": keepalive 10/30\n\n"
        + event(choices=[choice("Hello")])
        + event(choices=[choice(" you", "length")])
        + event(choices=[], usage=usage)
        + "data: [DONE]\n\n"
    )
    async with answering(said) as (server, asked):
        heard = await ask(server, "what?", 2)
    assert heard.text == "Hello you"
    assert len(heard.pieces_s) == 2
    assert heard.last.finish == "length"
    assert (heard.last.prompt_tokens, heard.last.completion_tokens) == (30, 2)
    assert heard.last.cached_tokens == 20
    (body,) = map(json.loads, asked)
    assert body["temperature"] == 0
    assert body["max_tokens"] == 2
    assert body["messages"] == [{"role": "user", "content": "what?"}]


async def test_a_refusal_is_no_answer() -> None:
    async with answering('HTTP/1.0 404 Not Found\r\n\r\n{"error": "no"}') as (server, _):
        with pytest.raises(RuntimeError, match="refuses"):
            await ask(server, "what?", 2)
