"""The connection to the engine's servers: it rides out an election, and knows their time."""

from __future__ import annotations

import asyncio
import base64
import email.parser
import json
import logging
import secrets
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import nats.errors
from nats.aio.client import Client

from common.cancelling import heeding
from common.errors import Denied, Unavailable
from coordinator_node.engine.nats_server import ENGINE_DNS, SEE_ENGINE

log = logging.getLogger(__name__)

PATIENCE_S = 15.0
"""So long an election of the engine may take before a caller hears of it."""
ATTEMPT_S = 2.0
PAUSE_S = 0.2
CLOSE_S = 2.0
"""So long a server may take to say goodbye."""
CLOCK_S = 30.0
"""How often the servers are asked for the time."""
STATUS_BYTES = len(b"NATS/1.0\r\n")
BUSY = (10008, 10074, 10076, 10118, 10158)
"""Codes of JetStream that mean: not now. The last: an earlier try is not yet agreed on."""
IN_PROCESS = "in process"


class Refused(Exception):
    """The servers' answer is no; `code` is JetStream's, `status` the one of HTTP."""

    def __init__(self, said: dict[str, Any]) -> None:
        super().__init__(str(said.get("description", "")))
        self.code = int(said.get("err_code", 0))
        self.status = int(said.get("code", 0))


@dataclass(frozen=True, slots=True)
class Message:
    """One stored message."""

    subject: str
    seq: int
    data: bytes
    headers: dict[str, str]
    at_ms: int

    @property
    def removed(self) -> bool:
        """It only says that what was there is gone."""
        return "KV-Operation" in self.headers or "Nats-Marker-Reason" in self.headers


class Link:
    """Made by `open_link`."""

    def __init__(self, client: Client, context: ssl.SSLContext, patience_s: float) -> None:
        self.client = client
        self._context = context
        self.patience_s = patience_s
        self._ahead_ms = 0.0
        self._asked_s = -CLOCK_S

    def now_ms(self) -> int:
        """The servers' time as it was last heard, carried on by a clock that only grows."""
        return round(time.monotonic() * 1000 + self._ahead_ms)

    async def hear(self, subject: str, heard: Callable[[object], Awaitable[None]]) -> None:
        """Has `heard` called with each message that passes, until the link is closed."""
        await self.client.subscribe(subject, cb=heard)  # pyright: ignore[reportUnknownMemberType]

    def show_again(self, tls: Path) -> None:
        """Connections that are made from now on show the certificate that is there now."""
        self._context.load_cert_chain(str(tls / "leaf.pem"), str(tls / "key.pem"))

    async def keep_time(self, stream: str) -> None:
        """Asks for the time when it was long ago."""
        if time.monotonic() - self._asked_s < CLOCK_S:
            return
        begun_s = time.monotonic()
        said = await self.ask(f"STREAM.INFO.{stream}")
        middle_s = (begun_s + time.monotonic()) / 2
        self._ahead_ms = _ms(said["ts"]) - middle_s * 1000
        self._asked_s = begun_s

    async def ask(self, what: str, **said: object) -> dict[str, Any]:
        """One question to JetStream, asked again until it is answered; Refused when it is no.

        Only for what may be done twice.
        """
        payload = json.dumps(said).encode() if said else b""
        return (await self._tried(f"$JS.API.{what}", payload, None))[0]

    async def publish(
        self, subject: str, data: bytes, headers: dict[str, str]
    ) -> tuple[dict[str, Any], bool]:
        """Stores a message, tried again until an answer comes; also whether it was tried twice.

        Refused as it is; the headers must see to it that a second try has no second effect.
        """
        return await self._tried(subject, data, headers)

    async def last(self, stream: str, subject: str) -> Message | None:
        """The newest message of a subject, as the stream's leader has it."""
        return await self._message(stream, last_by_subj=subject)

    async def following(self, stream: str, seq: int) -> Message | None:
        """The first message at or after a sequence, as the stream's leader has it."""
        return await self._message(stream, seq=seq, next_by_subj=">")

    async def at(self, stream: str, seq: int) -> Message | None:
        """The message of a sequence."""
        return await self._message(stream, seq=seq)

    async def _message(self, stream: str, **which: object) -> Message | None:
        try:
            said = (await self.ask(f"STREAM.MSG.GET.{stream}", **which))["message"]
        except Refused as error:
            if error.code == NO_MESSAGE:
                return None
            raise
        return Message(
            said["subject"],
            int(said["seq"]),
            base64.b64decode(said.get("data", "")),
            _headers(said.get("hdrs", "")),
            _ms(said["time"]),
        )

    async def _tried(
        self, subject: str, payload: bytes, headers: dict[str, str] | None
    ) -> tuple[dict[str, Any], bool]:
        ends_s = time.monotonic() + self.patience_s
        sent = 0
        why = "no server is connected"
        while time.monotonic() < ends_s:
            if self.client.is_connected:
                sent += 1
                try:
                    answer = await heeding(
                        self.client.request(subject, payload, timeout=ATTEMPT_S, headers=headers)
                    )
                    said: dict[str, Any] = json.loads(answer.data)
                    error = said.get("error")
                    if error is None:
                        return said, sent > 1
                    refused = Refused(error)
                    if not _is_busy(refused):
                        raise TriedTwice(error) if sent > 1 else refused
                    why = str(refused)
                except nats.errors.NoRespondersError:
                    why = "no server leads"
                except nats.errors.TimeoutError:
                    why = "no answer"
                except (nats.errors.Error, OSError) as error:
                    why = str(error) or type(error).__name__
            await asyncio.sleep(PAUSE_S)
        raise Unavailable(
            f"the engine's servers did not agree for {self.patience_s:.0f} s ({why})",
            hint=SEE_ENGINE,
        )


def _is_busy(refused: Refused) -> bool:
    return refused.status == 503 or refused.code in BUSY or str(refused).endswith(IN_PROCESS)


class TriedTwice(Refused):
    """No to a second try: the first may have been stored."""


NO_MESSAGE = 10037
NO_STREAM = 10059


@asynccontextmanager
async def open_link(
    servers: tuple[str, ...], tls: Path, *, patience_s: float = PATIENCE_S
) -> AsyncGenerator[Link]:
    """A connection to any of the servers; Unavailable when none takes it."""
    said: list[str] = []

    async def noted(error: Exception) -> None:
        said.append(str(error) or type(error).__name__)
        del said[:-4]
        log.info("engine link: %s", said[-1])

    context = await asyncio.to_thread(client_context, tls)
    client = Client()
    connecting = client.connect(
        list(servers),
        tls=context,
        tls_hostname=ENGINE_DNS,
        name=f"postdevai-{secrets.token_hex(4)}",
        error_cb=noted,
        max_reconnect_attempts=-1,
        reconnect_time_wait=PAUSE_S,  # pyright: ignore[reportArgumentType]
        connect_timeout=3,
        ping_interval=5,
        max_outstanding_pings=2,
    )
    try:
        try:
            async with asyncio.timeout(patience_s):
                await heeding(connecting)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            why = said[-1] if said else str(error) or "no answer"
            raise Unavailable(
                f"none of the engine's servers takes the connection at {', '.join(servers)} "
                f"({why})",
                hint=SEE_ENGINE,
            ) from error
        yield Link(client, context, patience_s)
    finally:
        with suppress(TimeoutError):  # TLS waits half a minute for the last word of a silent server
            async with asyncio.timeout(CLOSE_S):
                await client.close()


def client_context(tls: Path) -> ssl.SSLContext:
    """The engine's certificate and the mesh's CA; Denied when they cannot be read."""
    try:
        context = ssl.create_default_context(cafile=str(tls / "ca.pem"))
        context.load_cert_chain(str(tls / "leaf.pem"), str(tls / "key.pem"))
    except (OSError, ssl.SSLError) as error:
        raise Denied(f"the engine's certificate in {tls} cannot be used: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _headers(encoded: str) -> dict[str, str]:
    if not encoded:
        return {}
    block = base64.b64decode(encoded)[STATUS_BYTES:]
    return dict(email.parser.BytesParser().parsebytes(block).items())


def _ms(stamp: str) -> int:
    """RFC 3339 with up to nine digits of a second."""
    whole, _, rest = stamp.rstrip("Z").partition(".")
    at = datetime.fromisoformat(f"{whole}+00:00").timestamp()
    return round(at * 1000) + int((rest + "000")[:3])
