"""An agent of this process, and a daemon that says what a test puts into it."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from common.daemon.home import Home
from developer_node.front.mcp.daemon import Daemon, Patience
from developer_node.front.mcp.server import Agents
from tests.support.local_api import Script, serve

Connects = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture
def home_root(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
async def script(home_root: Path) -> AsyncGenerator[Script]:
    """A daemon that serves what the test puts in."""
    async with serve(home_root, Script(), os.getpid()) as made:
        yield made


@pytest.fixture
def connects(home_root: Path) -> Connects:
    """Makes an agent in one revision: the handshake's, or the one without."""

    def connect(mode: str = "legacy", patience: Patience | None = None, **about: Any) -> Any:
        daemon = Daemon(Home.from_env(str(home_root)), patience)
        server = Agents(daemon, "/code/thing", retry_s=0.05).server()
        return Client(server, mode=mode, **about)

    return connect
