"""Serves the agent that started this process, over its standard input and output."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

from mcp.server.stdio import stdio_server

from developer_node.front.mcp.daemon import Daemon
from developer_node.front.mcp.server import Agents, options

if TYPE_CHECKING:
    from common.daemon.home import Home


def serve(home: Home) -> None:
    """Until the agent closes its end."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a thread waits for input: nothing else ends it
    asyncio.run(_serve(home))


async def _serve(home: Home) -> None:
    server = Agents(Daemon(home), os.getcwd()).server()
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, options(server))
