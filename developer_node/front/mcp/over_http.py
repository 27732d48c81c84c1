"""Serves agents on this machine over streamable HTTP: loopback only, and with a token only.

HOME/developer/mcp-token (0600) is made once, so that what an agent was told stays right.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from common.daemon.files import write_private
from common.errors import Conflict, Denied
from developer_node.front.mcp.daemon import Daemon
from developer_node.front.mcp.server import Agents

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.daemon.home import Home

LOOPBACK = "127.0.0.1"
PORT = 47_630
"""Where agents find it when no other port is named."""
PATH = "/mcp"
CLOSE_S = 2


class Guarded:
    """Lets through who knows the token."""

    def __init__(self, app: ASGIApp, token: str, token_file: Path) -> None:
        self._app = app
        self._token = token.encode()
        self._hint = f"The token is in {token_file}; send it as: Authorization: Bearer TOKEN\n"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses with 401 and where the token is found."""
        if scope["type"] == "http" and not self._known(Headers(scope=scope)):
            answer = PlainTextResponse(self._hint, 401, {"WWW-Authenticate": "Bearer"})
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _known(self, headers: Headers) -> bool:
        kind, _, given = headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(given.strip().encode(), self._token)
        return kind.lower() == "bearer" and right


def token_file(home: Home) -> Path:
    """Where the token lies."""
    return home.directory("developer") / "mcp-token"


def token_of(home: Home) -> str:
    """The token, made where there is none; Denied when others could have read it."""
    path = token_file(home)
    if not path.exists():
        write_private(path, f"{secrets.token_urlsafe(32)}\n".encode())
    if path.lstat().st_mode & 0o077:
        raise Denied(f"{path} is open to others.", hint=f"Type: rm {path}; a new one is made.")
    return path.read_text("ascii").strip()


def application(home: Home, port: int) -> ASGIApp:
    """The server behind its guards: the token, then Host and Origin, which no web page can have
    right that was loaded under another name."""
    server = Agents(Daemon(home), "").server()
    names = [f"{LOOPBACK}:{port}", f"localhost:{port}"]
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        transport_security=TransportSecuritySettings(
            allowed_hosts=names, allowed_origins=[f"http://{name}" for name in names]
        ),
    )
    return Guarded(app, token_of(home), token_file(home))


def listen(port: int) -> socket.socket:
    """A listening socket on loopback; Conflict when the port is taken."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((LOOPBACK, port))
        opened.listen()  # whoever is told the address may come at once
    except OSError as error:
        opened.close()
        raise Conflict(
            f"Port {port} on {LOOPBACK} cannot be taken: {error.strerror}.",
            hint="Name another: postdevai mcp --http --port N",
        ) from None
    return opened


def serve(home: Home, port: int, ready: Callable[[str, Path], None]) -> None:
    """Until it is interrupted; `ready` is told the address and where the token lies."""
    with listen(port) as opened:
        port = opened.getsockname()[1]
        config = uvicorn.Config(
            application(home, port),
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=CLOSE_S,
            server_header=False,
        )
        server = uvicorn.Server(config)
        ready(f"http://{LOOPBACK}:{port}{PATH}", token_file(home))
        asyncio.run(server.serve(sockets=[opened]))
