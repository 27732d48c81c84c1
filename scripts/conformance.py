"""Runs the MCP conformance suite against the server over HTTP: by hand, for npx fetches it."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from common.daemon.home import Home
from developer_node.front.mcp.over_http import LOOPBACK, PATH, application, listen, token_of

SUITE = "@modelcontextprotocol/conformance@0.1.13"
SCENARIOS = (
    "server-initialize",
    "ping",
    "logging-set-level",
    "tools-list",
    "resources-list",
    "resources-subscribe",
    "resources-unsubscribe",
    "prompts-list",
    "dns-rebinding-protection",
    "server-sse-multiple-streams",
    "server-sse-polling",
)
"""The others want tools and resources of their own."""


class WithToken:
    """The suite knows no token: it is added to what it asks."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._bearer = (b"authorization", f"Bearer {token}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Asks with it."""
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], self._bearer]}
        await self._app(scope, receive, send)


async def run(home: Home, scenarios: list[str]) -> int:
    """How many of them did not pass."""
    with listen(0) as opened, tempfile.TemporaryDirectory() as place:
        port = opened.getsockname()[1]
        app = WithToken(application(home, port), token_of(home))
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[opened]))
        url, failed = f"http://{LOOPBACK}:{port}{PATH}", 0
        try:
            for scenario in scenarios:
                words = ("server", "--url", url, "--scenario", scenario)
                suite = await asyncio.create_subprocess_exec("npx", "-y", SUITE, *words, cwd=place)
                failed += await suite.wait() != 0
        finally:
            server.should_exit = True
            await serving
    return failed


def main() -> int:
    """0 when all passed; the daemon of POSTDEVAI_HOME answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", nargs="*", default=list(SCENARIOS))
    failed = asyncio.run(run(Home.from_env(), parser.parse_args().scenario))
    sys.stdout.write(f"{failed} did not pass\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
