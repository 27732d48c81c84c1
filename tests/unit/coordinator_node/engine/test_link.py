"""The connection to the engine's servers ends when it is told to, whatever they do."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

import pytest

from coordinator_node.engine.jetstream.link import Link, open_link
from tests.support.nats_servers import NatsServers, nats_servers
from tests.support.silent_link import silent_link

PATIENCE_S = 60.0
GOODBYE_S = 20.0
"""TLS waits half a minute for the last word of a server that is silent."""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[NatsServers]:
    with nats_servers(tmp_path_factory.mktemp("nats"), 1) as started:
        yield started


async def test_who_is_cancelled_in_the_moment_of_the_answer_asks_no_more(
    servers: NatsServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Coordinator did not end where one of its watches had missed it."""
    async with asyncio.timeout(PATIENCE_S), open_link(servers.urls, servers.tls) as link:
        real, rounds = link.client.request, 0

        async def answers(*words: Any, **more: Any) -> Any:
            """In the very moment of a cancellation."""
            given = await real(*words, **more)
            answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(answer.set_result, given)
            asyncio.get_running_loop().call_soon(watching.cancel)
            return await asyncio.wait_for(answer, PATIENCE_S)

        async def watches(link: Link) -> None:
            nonlocal rounds
            while True:
                rounds += 1
                await link.ask("INFO")

        monkeypatch.setattr(link.client, "request", answers)
        watching = asyncio.ensure_future(watches(link))
        await asyncio.wait({watching})
        assert watching.cancelled()
        assert rounds == 1


async def test_a_silent_server_holds_nobody_up_who_ends(servers: NatsServers) -> None:
    (url,) = servers.urls
    async with silent_link(url.removeprefix("tls://")) as way:
        async with asyncio.timeout(PATIENCE_S):
            connection = open_link((f"tls://{way.address}",), servers.tls)
            link = await connection.__aenter__()
            assert await link.ask("INFO")
        way.fall_silent()
        async with asyncio.timeout(GOODBYE_S):
            await connection.__aexit__(None, None, None)
