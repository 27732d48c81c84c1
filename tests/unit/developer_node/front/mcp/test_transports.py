"""`postdevai mcp` as a process of its own: over its pipes, and over HTTP behind its guards."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from common.model.answer import AskPart, AskPassages, AskRequest
from developer_node.front.mcp.over_http import listen
from tests.support.local_api import FRESH, Script
from tests.support.typed import Terminal

LIMIT_S = 60
REVISIONS = pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
SPOKEN = {
    "legacy": {"2025-11-25"},
    "auto": {"2025-11-25", "2026-07-28"},  # the older one when the server is slow to start
    "2026-07-28": {"2026-07-28"},
}

HELLO: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    },
}


def started(home: Path) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "developer_node.front.cli", "mcp"],
        env={**os.environ, "POSTDEVAI_HOME": str(home)},
        cwd=Path(__file__).parents[5],
    )


@REVISIONS
async def test_an_agent_starts_it_and_asks(script: Script, home_root: Path, mode: str) -> None:
    async with Client(started(home_root), mode=mode) as agent:
        revision = agent.protocol_version
        tools = (await agent.list_tools()).tools
        result = await agent.call_tool("seen_before", {"text": "KeyError"})
    assert revision in SPOKEN[mode]
    assert len(tools) == 7
    assert result.structured_content is not None
    assert result.structured_content["match"] == "none"
    where = str(Path(__file__).parents[5])
    assert ("text", "KeyError", where) in script.asked


@pytest.mark.parametrize("revision", ["2025-06-18", "2025-11-25"])
async def test_both_handshakes_are_answered_in_their_own_revision(
    home_root: Path, revision: str
) -> None:
    terminal = Terminal(home_root, Path(__file__).parents[5])
    hello = HELLO | {"params": HELLO["params"] | {"protocolVersion": revision}}
    done = await terminal.type("mcp", stdin=json.dumps(hello).encode() + b"\n")
    assert done.code == 0, done.err
    assert done.json["result"]["protocolVersion"] == revision
    assert done.json["result"]["serverInfo"]["name"] == "postdevai"
    assert done.json["result"]["capabilities"]["resources"] == {
        "subscribe": True,
        "listChanged": True,
    }


async def test_a_port_without_http_is_wrong_usage(home_root: Path, tmp_path: Path) -> None:
    done = await Terminal(home_root, tmp_path).type("mcp", "--port", "1")
    assert done.code == 2
    assert "--port is for --http" in done.err


@dataclass(frozen=True)
class Served:
    """A server over HTTP."""

    url: str
    token_file: Path

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token_file.read_text().strip()}"}

    def agent(self, mode: str) -> Client:
        http = httpx2.AsyncClient(headers=self.bearer, timeout=LIMIT_S)
        return Client(streamable_http_client(self.url, http_client=http), mode=mode)


@pytest.fixture
async def served(home_root: Path, tmp_path: Path) -> AsyncGenerator[Served]:
    """On a free port; ended with its test."""
    process = await Terminal(home_root, tmp_path).begin("mcp", "--http", "--port", "0")
    assert process.stdout
    try:
        with anyio.fail_after(LIMIT_S):
            first = (await process.stdout.readline()).decode()
            second = (await process.stdout.readline()).decode()
        yield Served(first.split()[-1], Path(second.split()[-1]))
    finally:
        process.terminate()
        with anyio.fail_after(LIMIT_S):
            await process.communicate()


@REVISIONS
async def test_an_agent_reaches_it_over_http(script: Script, served: Served, mode: str) -> None:
    async with served.agent(mode) as agent:
        revision = agent.protocol_version
        result = await agent.call_tool("seen_before", {"text": "KeyError"})
        tools = (await agent.list_tools()).tools
    assert result.structured_content is not None
    assert result.structured_content["match"] == "none"
    assert revision == ("2025-11-25" if mode == "legacy" else "2026-07-28")
    assert len(tools) == 7
    assert ("text", "KeyError", "") in script.asked


ACCEPT = {"Accept": "application/json, text/event-stream"}


GUARDED: tuple[tuple[dict[str, str], int], ...] = (
    ({}, 200),
    ({"Authorization": ""}, 401),
    ({"Authorization": "Bearer wrong"}, 401),
    ({"Authorization": "Basic wrong"}, 401),
    ({"Host": "evil.example"}, 421),
    ({"Host": "evil.example:80"}, 421),
    ({"Host": "127.0.0.1:1"}, 421),
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "http://127.0.0.1:1"}, 403),
)


async def test_only_who_knows_the_token_and_comes_from_here_is_let_in(served: Served) -> None:
    async with httpx2.AsyncClient(timeout=LIMIT_S) as http:
        for headers, status in GUARDED:
            sent = served.bearer | ACCEPT | headers
            answer = await http.post(served.url, json=HELLO, headers=sent)
            assert answer.status_code == status, headers
            if status == 401:
                assert str(served.token_file) in answer.text
                assert served.token_file.read_text().strip() not in answer.text


def test_it_listens_on_loopback_alone() -> None:
    with listen(0) as opened:
        assert opened.getsockname()[0] == "127.0.0.1"


async def test_its_port_is_its_own_and_its_token_is_the_owners(
    served: Served, home_root: Path, tmp_path: Path
) -> None:
    assert served.url.startswith("http://127.0.0.1:")
    assert stat.S_IMODE(served.token_file.stat().st_mode) == 0o600
    kept = served.token_file.read_text()
    port = served.url.split(":")[2].split("/")[0]
    second = await Terminal(home_root, tmp_path).type("mcp", "--http", "--port", port)
    assert second.code != 0
    assert f"Port {port} on 127.0.0.1 cannot be taken" in second.err
    assert served.token_file.read_text() == kept


@pytest.fixture
def open_token(home_root: Path) -> Path:
    """A token that others may have read."""
    home_root.mkdir(mode=0o700)
    (home_root / "developer").mkdir(mode=0o700)
    token = home_root / "developer" / "mcp-token"
    token.write_text("known")
    token.chmod(0o644)
    return token


async def test_a_token_that_others_could_read_is_refused(
    open_token: Path, home_root: Path, tmp_path: Path
) -> None:
    done = await Terminal(home_root, tmp_path).type("mcp", "--http", "--port", "0")
    assert done.code == 4
    assert f"{open_token} is open to others" in done.err


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_cancelling_over_http_reaches_the_daemon(
    script: Script, served: Served, mode: str
) -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def answer(request: AskRequest) -> AsyncIterator[AskPart]:
        try:
            yield AskPassages((), FRESH, "qwen")
            asked.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    script.answer = answer
    async with served.agent(mode) as agent, anyio.create_task_group() as group:
        group.start_soon(agent.call_tool, "ask", {"question": "where?"})
        with anyio.fail_after(LIMIT_S):
            await asked.wait()
            group.cancel_scope.cancel()
    with anyio.fail_after(LIMIT_S):
        await ended.wait()
