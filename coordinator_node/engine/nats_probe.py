"""A look at a nats-server that runs: whether it says a word to one who calls."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from pathlib import Path

ENGINE_DNS = "engine.postdevai"
"""The name in the certificates of the engine's servers and of those who use them."""


async def greets(host: str, port: int, tls: Path, patience_s: float) -> bool:
    """Whether it greets in time. One that hangs does not, though its port takes connections.

    A handshake follows, whose end is of no matter: without one the server would log each look as
    a client that failed.
    """
    try:
        async with asyncio.timeout(patience_s):
            reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    try:
        async with asyncio.timeout(patience_s):
            if not (await reader.readline()).startswith(b"INFO"):
                return False
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(patience_s):
                context = await asyncio.to_thread(_shown, tls)
                await writer.start_tls(context, server_hostname=ENGINE_DNS)
        return True
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()


def _shown(tls: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(tls / "ca.pem"))
    context.load_cert_chain(str(tls / "leaf.pem"), str(tls / "key.pem"))
    return context
