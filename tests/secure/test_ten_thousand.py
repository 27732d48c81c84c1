"""Ten thousand malformed messages and frames at the ports of a Coordinator, of a Dragon, and of
what a laptop serves over HTTP on loopback: each serves on.

Each is drawn from a seed: bytes that are no message, messages cut short or with bits turned, to
every method that an admin's laptop, a Dragon or a stranger may call at the Coordinator, and a
laptop at a real Dragon; to agents' HTTP; and bytes that are no TLS, no HTTP on the wire, to all of
their ports. A laptop has none but `mcp --http` and `tui --web`, while they run. No caller is held
back, so that all of them reach what they are sent to.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from grpc.aio import AioRpcError, Channel, Metadata

from common.clients.registry import RegistryClient
from common.daemon.ports import Ports
from common.rpc import limits, policy
from common.rpc.channel import open_channel
from common.rpc.credentials import NodeIdentity
from common.rpc.limits import Allowance
from common.rpc.pinned import _pinned
from common.rpc.repeatable import methods
from common.rpc.rules import shipped
from common.rpc.status import error_from_rpc
from developer_node.front.tui.web import serving
from dragon_node.config import Config
from dragon_node.node import open_node
from tests.support.small_mesh import SmallMesh, stats
from tests.support.typed import Terminal

FROM = {"developer": 2_400, "dragon": 1_200, "anyone": 600}
"""Messages to the Coordinator."""
TO_DRAGON = 1_800
FRAMES = 2_400
"""To the Coordinator's two ports."""
FRAMES_TO_DRAGON = 800
TO_AGENTS_HTTP = 300
FRAMES_TO_HTTP = 250
"""To each of the two ports."""
AT_ONCE = 32
CALL_S = 3
"""Some calls wait for what comes; that is not looked at here."""
AT_THE_COORDINATOR = ("coordinator", "tasks", "shared", "relay", "replica")
WAIT_S = 110
SEED = 7


WIDE = Allowance(1e9, 1e9, 1e12, 1e12)
ELSEWHERE = ("PullModel", "Backup", "Restore", "AuthorityService/Leave")
"""These would reach for the network, or for files that a message names; and whoever leaves is
refused from then on, so that nothing more would reach a service."""


BEGINNINGS = (
    b"\x16\x03\x01\x02\x00\x01",
    b"PRI * HTTP/2.0\r\n\r\n",
    b"POST /mcp HTTP/1.1\r\n",
)
"""Of TLS, HTTP/2 and HTTP/1."""
HELLO = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        },
    }
).encode()


def callable_by(rights: frozenset[policy.Right], *files: str) -> list[str]:
    """Methods that these files of rules name and the rights may call, so that what they are sent
    reaches the service."""
    rules = policy.shipped()
    text = "".join(each.text for each in shipped() if each.name.removesuffix(".cedar") in files)
    named = [name for name in methods() if f'"{name}"' in text and not name.endswith(ELSEWHERE)]
    return [name for name in named if rules.decide(f"/postdevai.v1.{name}", rights).allowed]


def malformed(draw: random.Random, method: MethodDescriptor) -> bytes:
    """Bytes in the place of a message."""
    kind = draw.randrange(3)
    if kind == 0:
        return draw.randbytes(draw.randrange(1, 400))
    message = GetMessageClass(method.input_type)()
    for field in method.input_type.fields:
        if field.type == field.TYPE_STRING and not field.is_repeated:
            setattr(message, field.name, "x" * draw.randrange(200))
        elif field.type in (field.TYPE_INT64, field.TYPE_INT32) and not field.is_repeated:
            setattr(message, field.name, draw.choice((-1, 2**31 - 1)))
    return spoilt(draw, bytearray(message.SerializeToString() or b"\x0a\x02hi"), cut=kind == 1)


def spoilt(draw: random.Random, whole: bytearray, *, cut: bool) -> bytes:
    """Cut short, or with bits turned."""
    if cut:
        return bytes(whole[: draw.randrange(len(whole))])
    for _ in range(3):
        whole[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
    return bytes(whole)


async def send(
    channel: Channel, names: list[str], draw: random.Random, metadata: Metadata | None
) -> str:
    """What came of one."""
    name = draw.choice(names)
    data = malformed(draw, methods()[name])
    sent = channel.unary_stream(f"/postdevai.v1.{name}")
    call = sent(data, timeout=CALL_S, metadata=metadata)
    try:
        async for _ in call:
            break  # what is a message after all may be answered without end
    except AioRpcError as error:
        found = error_from_rpc(error)
        assert "failed while it answered" not in found.message, (name, data)
        return type(found).__name__
    finally:
        call.cancel()
    return "answered"


async def storm(
    channel: Channel, names: list[str], count: int, metadata: Metadata | None = None
) -> Counter[str]:
    """So many, some at a time."""
    draw = random.Random(SEED)
    found: Counter[str] = Counter()
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            found[await send(channel, names, draw, metadata)] += 1

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return found


@contextlib.asynccontextmanager
async def stranger(mesh: SmallMesh) -> AsyncGenerator[Channel]:
    async with _pinned((mesh.enrolment_address,), mesh.authority().pin) as (channel, _):
        yield channel


@contextlib.asynccontextmanager
async def dragon(mesh: SmallMesh) -> AsyncGenerator[str]:
    """A real one, without a RAM disk; its address."""
    home = mesh.home
    code = await mesh.code("dragon")
    await NodeIdentity.open(home.identity_directory("dragon"), code=code)
    config = Config(home, ram="directory", lake_bytes=256 << 20)
    Ports.of(home).remember("dragon", 0)
    async with open_node(config) as running:
        yield running.address


@pytest.fixture(autouse=True)
def nobody_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for allowed in (limits.ALLOWED, limits.AT_COORDINATOR):
        for role in allowed:
            monkeypatch.setitem(cast(dict[str, Allowance], allowed), role, WIDE)


async def test_ten_thousand_malformed_messages_and_frames_and_it_serves_on(
    tmp_path: Path,
) -> None:
    async with asyncio.timeout(WAIT_S), SmallMesh.open(tmp_path) as mesh:
        laptop, other = await mesh.join("developer", admin=True), await mesh.join("dragon")
        callers = ((laptop, frozenset(("developer", "admin"))), (other, frozenset(("dragon",))))
        for own, rights in callers:
            async with open_channel(mesh.address, mesh.identity_uri, own) as channel:
                names = callable_by(cast(Any, rights), *AT_THE_COORDINATOR)
                assert len({each.partition("/")[0] for each in names}) >= 2, names
                count = FROM[own.identity.role]
                found = await storm(channel, names, count)
                assert found["OverLimit"] == 0, found
                assert found["Invalid"] > count // 3, found
                assert await RegistryClient(channel).nodes()

        async with stranger(mesh) as channel:
            names = callable_by(frozenset(("anyone",)), "coordinator")
            found = await storm(channel, names, FROM["anyone"])
            assert found["OverLimit"] == 0, found
            assert found["Invalid"], found

        draw = random.Random(SEED)
        for i in range(FRAMES):
            await frame(mesh.address if i % 2 else mesh.enrolment_address, draw)
        async with open_channel(mesh.address, mesh.identity_uri, laptop) as channel:
            assert await RegistryClient(channel).nodes()


async def test_a_dragon_serves_on_after_them(tmp_path: Path) -> None:
    async with (
        asyncio.timeout(WAIT_S),
        SmallMesh.open(tmp_path) as mesh,
        dragon(mesh) as address,
    ):
        laptop = await mesh.join("developer")
        async with open_channel(mesh.address, mesh.identity_uri, laptop) as channel:
            (route,) = await RegistryClient(channel).resolve("lake", "", "")
        ticket = Metadata(("authorization", f"Bearer {route.ticket}"))
        async with open_channel(address, route.identity, laptop) as channel:
            names = callable_by(frozenset(("developer",)), "dragon", "replica")
            assert len({each.partition("/")[0] for each in names}) >= 3, names
            found = await storm(channel, names, TO_DRAGON, ticket)
            assert found["OverLimit"] == 0, found
            assert found["Invalid"] > TO_DRAGON // 3, found
        draw = random.Random(SEED)
        for _ in range(FRAMES_TO_DRAGON):
            await frame(address, draw)
        async with open_channel(address, route.identity, laptop) as channel:
            assert await stats(channel, ticket) >= 0


async def test_agents_http_serves_on_after_them(tmp_path: Path) -> None:
    draw = random.Random(SEED)
    async with asyncio.timeout(WAIT_S):
        process = await Terminal(tmp_path / "home", tmp_path).begin("mcp", "--http", "--port", "0")
        assert process.stdout
        try:
            url, token = [(await process.stdout.readline()).decode().split()[-1] for _ in range(2)]
            headers = {
                "Authorization": f"Bearer {Path(token).read_text().strip()}",  # noqa: ASYNC240
                "Accept": "application/json, text/event-stream",
                "Content-Type": "application/json",
            }
            async with aiohttp.ClientSession(headers=headers, trust_env=False) as http:
                found: Counter[int] = Counter()
                for each in range(TO_AGENTS_HTTP):
                    data = draw.randbytes(draw.randrange(1, 400))
                    if each % 3:
                        data = spoilt(draw, bytearray(HELLO), cut=each % 3 == 1)
                    async with http.post(url, data=data) as answer:
                        found[answer.status] += 1
                assert max(found) < 500, found
                assert found[400] > TO_AGENTS_HTTP // 2, found
                for _ in range(FRAMES_TO_HTTP):
                    await frame(url.split("/")[2], draw)
                async with http.post(url, data=HELLO) as answer:
                    assert answer.status == 200
        finally:
            process.terminate()
            await process.communicate()


async def test_the_screens_page_serves_on_after_them() -> None:
    draw = random.Random(SEED)
    async with asyncio.timeout(WAIT_S), serving("true") as page:
        for _ in range(FRAMES_TO_HTTP):
            await frame(page.url.split("/")[2], draw)
        async with aiohttp.ClientSession(trust_env=False) as http, http.get(page.url) as answer:
            assert answer.status == 200


async def frame(address: str, draw: random.Random) -> None:
    """Bytes that are no handshake, or the beginning of one."""
    host, _, port = address.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    hello = draw.choice(BEGINNINGS)
    with contextlib.suppress(ConnectionError):
        writer.write(hello + draw.randbytes(draw.randrange(200)))
        await writer.drain()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
