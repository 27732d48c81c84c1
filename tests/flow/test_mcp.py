"""An agent beside a whole mesh of real processes: what it is told, and what it is never told."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.to_thread import run_sync
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp_types import CallToolResult, ResourceListChangedNotification, TextResourceContents

from tests.support.mesh import Mesh
from tests.support.repository import Repository
from tests.support.runs import BREAK, break_and_mend, fail

LIMIT_S = 60
pytestmark = pytest.mark.timeout(300)


def started(mesh: Mesh, where: Path) -> StdioServerParameters:
    root = str(Path(__file__).parents[2])
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "developer_node.front.cli", "mcp"],
        env={**mesh.env, "PYTHONPATH": root},
        cwd=where,
    )


async def until(
    agent: Client, name: str, holds: Callable[[CallToolResult], bool]
) -> CallToolResult:
    """The first answer of a tool that is as it must become."""
    result = await agent.call_tool(name, {})
    with anyio.fail_after(LIMIT_S):
        while not holds(result):
            result = await agent.call_tool(name, {})
            await anyio.sleep(0.1)
    return result


def data(result: CallToolResult) -> Any:
    assert not result.is_error, result.content
    return result.structured_content


def words(result: CallToolResult) -> str:
    return getattr(result.content[0], "text", "")


def is_away(result: CallToolResult) -> bool:
    return not result.is_error and data(result)["away"] is not None


async def read(agent: Client, uri: str) -> str:
    [found] = (await agent.read_resource(uri)).contents
    assert isinstance(found, TextResourceContents)
    return found.text


async def test_an_agent_is_told_of_the_failure_its_remedy_and_its_lines(
    mesh: Mesh, tmp_path: Path
) -> None:
    repository = await run_sync(Repository.make, tmp_path / "thing")
    await run_sync(mesh.up, repository.root)
    heard = anyio.Event()

    async def hear(message: Any) -> None:
        if isinstance(message, ResourceListChangedNotification):
            heard.set()

    async with Client(started(mesh, repository.root), mode="legacy", message_handler=hear) as agent:
        await agent.call_tool("freshness", {})
        commit = await run_sync(break_and_mend, mesh, repository)
        with anyio.fail_after(LIMIT_S):
            await heard.wait()
        await run_sync(mesh.recall_until_remedy, commit)
        seen = data(await agent.call_tool("seen_before", {}))
        why = data(await agent.call_tool("why_failed", {}))
        printed = data(await agent.call_tool("output_get", {"event": why["event"]}))
        asked = {"query": "def total", "mode": "literal"}
        [hit] = data(await agent.call_tool("code_search", asked))["hits"]
        lines = await read(agent, hit["uri"])
        [failure] = (await agent.list_resources()).resources
        card = await read(agent, str(failure.uri))
    assert seen["match"] == "same"
    assert [each["commit"] for each in seen["remedies"]] == [commit]
    assert seen["as_of"].startswith("As of thing")
    assert why["exit_code"] == 1
    assert why["failures"][0]["failure"]["fingerprint"] == failure.name
    assert "test_total_of_two_numbers" in printed["text"]
    assert lines == "def total(text):"
    assert commit[:7] in card


async def test_a_daemon_that_hangs_dies_and_comes_back_is_told_as_it_is(
    mesh: Mesh, tmp_path: Path
) -> None:
    repository = await run_sync(Repository.make, tmp_path / "thing")
    await run_sync(mesh.up, repository.root)
    async with Client(started(mesh, repository.root)) as agent:
        await until(agent, "freshness", lambda result: not result.is_error)
        daemon = mesh.pid("developer")
        os.kill(daemon, signal.SIGSTOP)
        try:
            with anyio.fail_after(LIMIT_S):
                hanging = await agent.call_tool("seen_before", {})
        finally:
            os.kill(daemon, signal.SIGCONT)
        await until(agent, "freshness", lambda result: not result.is_error)
        await run_sync(mesh.kill, "developer")
        await until(agent, "seen_before", lambda result: "is not running" in words(result))
        await run_sync(mesh.up, repository.root)
        await until(agent, "seen_before", lambda result: not result.is_error)
    assert "runs, but does not answer" in words(hanging)


async def test_without_the_dragon_nothing_passes_for_its_answer(mesh: Mesh, tmp_path: Path) -> None:
    repository = await run_sync(Repository.make, tmp_path / "thing")
    await run_sync(mesh.up, repository.root)
    await run_sync(repository.replace, "calculator.py", *BREAK)
    await run_sync(fail, mesh, repository)
    await run_sync(mesh.recall_until_failure)
    async with Client(started(mesh, repository.root)) as agent:
        await run_sync(mesh.kill, "dragon")
        known = await until(agent, "freshness", is_away)
        answers = [
            await agent.call_tool("seen_before", {}),
            await agent.call_tool("history_search", {"kind": "command"}),
            await agent.call_tool("code_search", {"query": "total"}),
        ]
    assert data(known)["away"]["sentence"] in words(known)
    for answer in answers:
        assert answer.is_error or data(answer)["away"] is not None
        assert words(answer).strip()
