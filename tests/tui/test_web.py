"""The screens in a browser: for the person at this machine, and for no page of another site."""

from __future__ import annotations

import re
import shlex
import socket
import sys
from collections.abc import AsyncGenerator

import aiohttp
import pytest

from common.errors import Conflict
from developer_node.front.tui.web import LoopbackServer, serving

COMMAND = shlex.join([sys.executable, "-m", "tests.support.tui_scenes", "live"])


@pytest.fixture
async def server() -> AsyncGenerator[LoopbackServer]:
    """Serves a scripted day."""
    async with serving(COMMAND) as served:
        yield served


@pytest.fixture
async def browser() -> AsyncGenerator[aiohttp.ClientSession]:
    """Asks as a browser does, but says what headers it is told to say."""
    async with aiohttp.ClientSession(trust_env=False) as session:
        yield session


async def test_the_page_has_the_products_name_and_fetches_nothing_from_elsewhere(
    server: LoopbackServer, browser: aiohttp.ClientSession
) -> None:
    """The library's own page asks a font server who reads it."""
    async with browser.get(server.url) as answer:
        page = await answer.text()
        assert answer.status == 200
        assert "PostDevAI" in page and "textual.js" in page
        assert "https://" not in page
        (sheet,) = re.findall(r'<link rel="stylesheet" href="([^"]*xterm[.]css)"', page)
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    async with browser.get(sheet) as answer:
        assert sheet.startswith(server.url) and answer.status == 200


async def test_the_first_frames_are_the_screens(
    server: LoopbackServer, browser: aiohttp.ClientSession
) -> None:
    """A real process of them behind the socket, which ends with it."""
    address = f"{server.url}ws?width=80&height=24"
    shown = b""
    async with browser.ws_connect(address, headers={"Origin": server.public_url}) as socket_:
        while b"Timeline" not in shown:
            shown += (await socket_.receive(timeout=60)).data
        await socket_.close()


@pytest.mark.parametrize("path", ["", "ws", "static/js/textual.js"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8000"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1"},
    ],
    ids=lambda headers: str(headers),
)
async def test_another_sites_page_is_refused(
    server: LoopbackServer, browser: aiohttp.ClientSession, path: str, headers: dict[str, str]
) -> None:
    """By its Origin, or by a name of its own for 127.0.0.1; even with the secret."""
    async with browser.get(f"{server.url}{path}", headers=headers) as answer:
        assert answer.status == 403


async def test_without_the_secret_there_is_nothing(
    server: LoopbackServer, browser: aiohttp.ClientSession
) -> None:
    """Neither the page nor the socket."""
    for path in ("/", "/ws", "/static/js/textual.js", "/guess/"):
        async with browser.get(f"{server.public_url}{path}") as answer:
            assert answer.status == 404


async def test_it_listens_on_loopback_only(server: LoopbackServer) -> None:
    """And each start has a secret of its own."""
    async with serving(COMMAND) as other:
        assert other.secret != server.secret
        assert server.url.startswith("http://127.0.0.1:")


async def test_a_port_that_is_taken_is_said() -> None:
    """With a way out."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Conflict, match="cannot be used"):
            async with serving(COMMAND, taken.getsockname()[1]):
                pass
