"""A daemon that is away, comes back, stands still, or is told that nobody waits any more."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp_types import CallToolResult

from common.model.answer import AskPart, AskPassages, AskRequest
from developer_node.front.mcp.daemon import Patience
from tests.support.local_api import FRESH, Script, serve

LIMIT_S = 60
"""For what must come, on a machine that has much else to do."""
SHORT = Patience(silence_s=0.2, probe_s=0.2)
SERVES = """
import asyncio, os, sys
from pathlib import Path
from common.model.laptop import LaptopStatus
from tests.support.local_api import Script, serve

async def main():
    async with serve(Path(sys.argv[1]), Script(), os.getpid()):
        print("serves", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"""


@asynccontextmanager
async def daemon_process(home: Path) -> AsyncGenerator[int]:
    """One that can be stopped, as a process of its own; its pid."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVES, str(home)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[5],
    )
    assert process.stdout and process.stdin
    try:
        assert await process.stdout.readline() == b"serves\n"
        yield process.pid
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
        process.stdin.close()
        await process.wait()


def said(result: CallToolResult) -> str:
    return getattr(result.content[0], "text", "")


async def until_said(agent: Client, words: str) -> None:
    """Asks again and again."""
    result = await agent.call_tool("freshness", {})
    with anyio.fail_after(LIMIT_S):
        while words not in said(result):
            result = await agent.call_tool("freshness", {})
            await anyio.sleep(0.05)


async def until_answered(agent: Client) -> None:
    await until_said(agent, "Dragon: ")


async def test_without_a_daemon_a_tool_says_what_to_type(connects: Any) -> None:
    async with connects() as agent:
        result = await agent.call_tool("freshness", {})
    assert result.is_error
    assert "postdevai up --repo DIR" in said(result)


async def test_a_daemon_that_starts_or_starts_anew_is_found_by_the_same_server(
    connects: Any, home_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connects() as agent:
        assert (await agent.call_tool("freshness", {})).is_error
        async with serve(home_root, Script(), os.getpid()):
            assert not (await agent.call_tool("freshness", {})).is_error
        assert (await agent.call_tool("freshness", {})).is_error
        monkeypatch.setattr("tests.support.local_api.TOKEN", "a-token-of-the-next-start")
        async with serve(home_root, Script(), os.getpid()):
            await until_answered(agent)


async def test_a_daemon_that_was_killed_is_told_from_one_that_stands_still(
    connects: Any, home_root: Path
) -> None:
    async with connects() as agent, daemon_process(home_root) as pid:
        await until_answered(agent)
        os.kill(pid, signal.SIGKILL)
        await until_said(agent, "is not running")


async def test_a_daemon_that_stands_still_is_not_waited_for_in_vain(
    connects: Any, home_root: Path
) -> None:
    async with daemon_process(home_root) as pid, connects(patience=SHORT) as agent:
        await until_answered(agent)
        os.kill(pid, signal.SIGSTOP)
        with anyio.fail_after(LIMIT_S):
            known = await agent.call_tool("freshness", {})
            streamed = await agent.call_tool("ask", {"question": "where?"})
        assert "runs, but does not answer" in said(known)
        assert "postdevai status" in said(known)
        assert "runs, but does not answer" in said(streamed)
        async with connects(patience=SHORT) as newcomer:
            with anyio.fail_after(LIMIT_S):
                first = await newcomer.call_tool("freshness", {})
        assert "runs, but does not answer" in said(first)
        os.kill(pid, signal.SIGCONT)
        await until_answered(agent)


async def test_a_daemon_that_lives_is_waited_for(script: Script, connects: Any) -> None:
    """The control: silence alone is no reason, while the daemon says that it lives."""

    async def slow(asked: AskRequest) -> AsyncIterator[AskPart]:
        with anyio.fail_after(LIMIT_S):
            while "status" not in script.asked:  # noqa: ASYNC110 - a list tells nobody
                await asyncio.sleep(0.01)
        yield AskPassages((), FRESH, "qwen")

    script.answer = slow
    patient = Patience(silence_s=0.2, probe_s=LIMIT_S)
    heard: list[str | None] = []

    async def hear(done: float, total: float | None, message: str | None) -> None:
        heard.append(message)

    async with connects(patience=patient) as agent:
        result = await agent.call_tool("ask", {"question": "where?"}, progress_callback=hear)
        with anyio.fail_after(LIMIT_S):
            while len(heard) < 3:  # noqa: ASYNC110 - a list tells nobody
                await anyio.sleep(0.01)
    assert said(result).startswith("The answer broke off")
    assert "still waiting; 0 characters written" in heard


async def test_cancelling_a_question_reaches_the_daemon(script: Script, connects: Any) -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def answer(request: AskRequest) -> AsyncIterator[AskPart]:
        try:
            yield AskPassages((), FRESH, "qwen")
            asked.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    script.answer = answer
    async with connects() as agent, anyio.create_task_group() as group:
        group.start_soon(agent.call_tool, "ask", {"question": "where?"})
        with anyio.fail_after(LIMIT_S):
            await asked.wait()
            group.cancel_scope.cancel()
    with anyio.fail_after(LIMIT_S):
        await ended.wait()
