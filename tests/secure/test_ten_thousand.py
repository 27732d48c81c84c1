"""Ten thousand malformed messages and frames at the Coordinator's two ports: it serves on.

Each is drawn from a seed: bytes that are no message, messages cut short or with bits turned, to
every method that a laptop or a stranger may call; and bytes that are no TLS, no HTTP/2 on the wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from grpc.aio import AioRpcError, Channel

from common.clients.registry import RegistryClient
from common.rpc import policy
from common.rpc.channel import open_channel
from common.rpc.limits import STRANGER
from common.rpc.pinned import _pinned
from common.rpc.repeatable import methods
from common.rpc.status import error_from_rpc
from tests.support.small_mesh import SmallMesh

MESSAGES = 6_000
FRAMES = 4_000
AT_ONCE = 32
CALL_S = 30
WAIT_S = 110
SEED = 7


def callable_by(right: policy.Right, *services: str) -> list[str]:
    """Methods of these services that the right may call, so that what they get reaches them."""
    rules = policy.shipped()
    named = [name for name in methods() if name.partition("/")[0] in services]
    return [
        name for name in named if rules.decide(f"/postdevai.v1.{name}", frozenset((right,))).allowed
    ]


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
    whole = bytearray(message.SerializeToString() or b"\x0a\x02hi")
    if kind == 1:
        return bytes(whole[: draw.randrange(len(whole))])
    for _ in range(3):
        whole[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
    return bytes(whole)


async def send(channel: Channel, names: list[str], draw: random.Random) -> str:
    """What came of one."""
    name = draw.choice(names)
    data = malformed(draw, methods()[name])
    call = channel.unary_stream(f"/postdevai.v1.{name}")(data, timeout=CALL_S)
    try:
        async for _ in call:
            break  # what is a message after all may be answered without end
    except AioRpcError as error:
        return type(error_from_rpc(error)).__name__
    finally:
        call.cancel()
    return "answered"


async def storm(channel: Channel, names: list[str], count: int) -> Counter[str]:
    """So many, some at a time."""
    draw = random.Random(SEED)
    found: Counter[str] = Counter()
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            found[await send(channel, names, draw)] += 1

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return found


@contextlib.asynccontextmanager
async def stranger(mesh: SmallMesh) -> AsyncGenerator[Channel]:
    async with _pinned((mesh.enrolment_address,), mesh.authority().pin) as (channel, _):
        yield channel


async def test_ten_thousand_malformed_messages_and_frames_and_it_serves_on(
    tmp_path: Path,
) -> None:
    async with asyncio.timeout(WAIT_S), SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("developer")
        async with open_channel(mesh.address, mesh.identity_uri, node) as channel:
            names = callable_by("developer", "RegistryService")
            assert len(names) > 3
            found = await storm(channel, names, MESSAGES * 2 // 3)
            assert found["Invalid"] > MESSAGES // 3
            assert found["Unavailable"] == 0, found  # which a failure in the node would be
            assert await RegistryClient(channel).nodes()

        async with stranger(mesh) as channel:
            names = callable_by("anyone", "EnrolmentService")
            found = await storm(channel, names, MESSAGES // 3)
            assert found["Unavailable"] == 0, found
            assert found["OverLimit"] <= MESSAGES // 3 - STRANGER.messages_max

        draw = random.Random(SEED)
        for i in range(FRAMES):
            await frame(mesh.address if i % 2 else mesh.enrolment_address, draw)
        async with open_channel(mesh.address, mesh.identity_uri, node) as channel:
            assert await RegistryClient(channel).nodes()


async def frame(address: str, draw: random.Random) -> None:
    """Bytes that are no handshake, or the beginning of one."""
    host, _, port = address.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    hello = b"\x16\x03\x01\x02\x00\x01" if draw.randrange(2) else b"PRI * HTTP/2.0\r\n\r\n"
    with contextlib.suppress(ConnectionError):
        writer.write(hello + draw.randbytes(draw.randrange(200)))
        await writer.drain()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
