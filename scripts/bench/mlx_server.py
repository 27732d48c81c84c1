"""mlx_lm.server on loopback, asked as its own clients ask it: chat completions as a stream."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from socket import socket
from tempfile import TemporaryFile
from typing import Any

from common.model.llm import ChatMessage, Finish, Generated
from scripts.bench.stage import ROOT

HOST = "127.0.0.1"
START_S = 120.0
DATA = b"data: "
DONE = b"[DONE]"


class MlxServer:
    """The server that `open` started. A `Voice`."""

    def __init__(self, port: int, pid: int) -> None:
        self._port = port
        self.pid = pid

    @classmethod
    @asynccontextmanager
    async def open(cls, model_directory: Path) -> AsyncGenerator[MlxServer]:
        """Returns once it answers for its health; ended with the block."""
        with socket() as free:
            free.bind((HOST, 0))
            port = int(free.getsockname()[1])
        with TemporaryFile() as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "scripts.bench.serving_peer", "--log-level", "WARNING"),
                *("--model", str(model_directory), "--port", str(port)),
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )
            try:
                made = cls(port, process.pid)
                if not await made._healthy(process):
                    log.seek(0)
                    raise RuntimeError(f"mlx_lm.server does not start: {log.read().decode()}")
                yield made
            finally:
                with suppress(ProcessLookupError):
                    process.terminate()
                await process.wait()

    async def speak(
        self, messages: Sequence[ChatMessage], tokens_max: int
    ) -> AsyncGenerator[Generated]:
        """Closing the iterator closes the connection, which it notices at its next write."""
        body = {
            "messages": [{"role": m.role, "content": m.content} for m in messages],
            "max_tokens": tokens_max,
            "temperature": 0.0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        chunks = self._chunks("/v1/chat/completions", json.dumps(body).encode())
        finish: Finish = ""
        async with aclosing(chunks) as came:
            async for chunk in came:
                for choice in chunk["choices"]:
                    finish = choice["finish_reason"] or finish
                    yield Generated(choice["delta"].get("content") or "")
                if usage := chunk.get("usage"):
                    yield _counts(usage, finish)

    async def _healthy(self, process: asyncio.subprocess.Process) -> bool:
        deadline = time.monotonic() + START_S
        while process.returncode is None and time.monotonic() < deadline:
            try:
                reader, writer = await self._send("GET", "/health", b"")
            except ConnectionRefusedError:
                await asyncio.sleep(0.1)
                continue
            status = await reader.readline()
            writer.close()
            if b" 200 " in status:
                return True
        return False

    async def _chunks(self, path: str, body: bytes) -> AsyncGenerator[Any]:
        reader, writer = await self._send("POST", path, body)
        try:
            status = await reader.readline()
            if b" 200 " not in status:
                raise RuntimeError(f"mlx_lm.server refuses: {(await reader.read()).decode()}")
            async for line in reader:
                if line.startswith(DATA) and line[len(DATA) :].strip() != DONE:
                    yield json.loads(line[len(DATA) :])
        finally:
            writer.close()

    async def _send(
        self, method: str, path: str, body: bytes
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(HOST, self._port)
        head = (
            f"{method} {path} HTTP/1.1",
            f"Host: {HOST}:{self._port}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
        )
        writer.write("\r\n".join([*head, "", ""]).encode() + body)
        await writer.drain()
        return reader, writer


def _counts(usage: Any, finish: Finish) -> Generated:
    cached = usage.get("prompt_tokens_details", {}).get("cached_tokens", 0)
    return Generated(
        "", finish, usage["prompt_tokens"], usage["completion_tokens"], cached_tokens=cached
    )
