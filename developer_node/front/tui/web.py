"""The screens in a browser on this machine: loopback only, behind a secret of this start.

A page of another site can send a browser here: by address (its Origin is refused) or by a name of
its own that resolves to 127.0.0.1 (its Host is refused). Who has no secret is told nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import shlex
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Literal

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.server import Server

from common.errors import Conflict

LOOPBACK = "127.0.0.1"
TITLE = "PostDevAI"
QUIT_S = 5.0
"""For the screens to end by themselves."""
_LINK = re.compile(r"<link[^>]*https?://[^>]*>")
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Screens(AppService):
    """The process behind one page; when the page goes it ends, and is seen to have ended."""

    async def stop(self) -> None:
        """Asked first, ended when it does not listen. May be called again."""
        process, task = self._process, self._task
        if process is None or task is None:
            return
        self._process = self._task = None
        with contextlib.suppress(ConnectionError):
            await self.send_meta({"type": "quit"})
        await asyncio.wait((task,), timeout=QUIT_S)
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await task
        self.stdin.close()
        await process.communicate()  # to the end of its pipes, so that they are closed


class LoopbackServer(Server):
    """One process of the screens for each page that is open; it ends with the page."""

    def __init__(self, command: str, port: int) -> None:
        super().__init__(command, host=LOOPBACK, port=port, title=TITLE)  # pyright: ignore[reportUnknownMemberType]
        self._ending: set[asyncio.Task[None]] = set()
        self.secret = secrets.token_urlsafe(24)
        self._hosts = frozenset((f"{LOOPBACK}:{port}", f"localhost:{port}"))
        self._policy = (
            "default-src 'self'; style-src 'self' 'unsafe-inline'; "
            "script-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
            f"connect-src 'self' ws://{LOOPBACK}:{port}; frame-ancestors 'none'"
        )

    @property
    def url(self) -> str:
        """What the person opens."""
        return f"{self.public_url}/{self.secret}/"

    async def application(self) -> web.Application:
        """Everything below the secret, and nothing beside it."""
        guarded = web.Application(middlewares=[self._guard])
        guarded.add_subapp(f"/{self.secret}", await self._make_app())
        return guarded

    async def on_startup(self, app: web.Application) -> None:
        """Says nothing: the command has said where to go."""

    async def handle_index(self, request: web.Request) -> web.Response:
        """The page without what it would fetch from elsewhere."""
        page = await super().handle_index(request)
        assert isinstance(page, web.Response)
        page.text = _LINK.sub(self._kept, page.text or "")
        return page

    def _kept(self, link: re.Match[str]) -> str:
        return link[0] if f'"{self.public_url}/' in link[0] else ""

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """One page's screens, until the page or they are gone."""
        page = web.WebSocketResponse(heartbeat=15)
        await page.prepare(request)

        async def close() -> None:
            await page.close()

        screens = _Screens(
            self.command,
            write_bytes=page.send_bytes,
            write_str=page.send_str,
            close=close,
            download_manager=self.download_manager,
        )
        try:
            width, height = (_cells(request, name) for name in ("width", "height"))
            await screens.start(width, height)
            await self._process_messages(page, screens)
        finally:
            self._end(screens)
        return page

    def _end(self, screens: _Screens) -> None:
        """Also when this handler is cancelled: what was begun is ended before the server is."""
        ending = asyncio.create_task(screens.stop())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def ended(self) -> None:
        """Every process behind a page is gone."""
        while self._ending:
            await asyncio.wait(self._ending)

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if request.host not in self._hosts or not self._is_ours(origin):
            raise web.HTTPForbidden(text="This address is for the person at this machine.\n")
        response = await handler(request)
        if not response.prepared:
            response.headers.update(_HEADERS)
            response.headers["Content-Security-Policy"] = self._policy
        return response

    def _is_ours(self, origin: str | None) -> bool:
        """No browser leaves it out where another site could be meant."""
        return origin is None or origin.removeprefix("http://") in self._hosts


def _cells(request: web.Request, name: Literal["width", "height"]) -> int:
    told = request.query.get(name, "")
    return min(1_000, max(20, int(told))) if told.isdecimal() else 80 if name == "width" else 24


@asynccontextmanager
async def serving(command: str, port: int = 0) -> AsyncGenerator[LoopbackServer]:
    """Serves on loopback, on a free port for 0. Conflict when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        hint = "Take another: postdevai tui --web --port 0"
        raise Conflict(f"Port {port} cannot be used: {error.strerror}.", hint=hint) from None
    server = LoopbackServer(command, listener.getsockname()[1])
    runner = web.AppRunner(await server.application(), access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        yield server
    finally:
        await runner.cleanup()
        await server.ended()


def serve_until_stopped(port: int, say: Callable[[str], None]) -> None:
    """Until Ctrl-C or a SIGTERM."""
    command = shlex.join([sys.executable, "-m", "developer_node.front.cli", "tui", "--in-browser"])
    asyncio.run(_serve(command, port, say))


async def _serve(command: str, port: int, say: Callable[[str], None]) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with serving(command, port) as server:
        say(f"{server.url}\nFor a browser on this machine, as long as this runs. Ctrl-C ends it.")
        await stopped.wait()
