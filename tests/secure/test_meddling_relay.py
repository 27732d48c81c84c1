"""A Coordinator that meddles with what it carries: each attempt is noticed, by node or caller."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from grpc.aio import AioRpcError

from common.errors import PostDevAIError
from common.pb.postdevai.v1 import lake_service_pb2 as lake
from common.pb.postdevai.v1 import relay_service_pb2 as pb
from common.rpc.channel import open_channel
from common.rpc.sealed.caller import Caller
from common.rpc.sealed.channel import SealedChannel
from common.rpc.status import error_from_rpc
from coordinator_node.service_relay import RelayService
from tests.support.relayed import LAKE, Relayed, open_relayed
from tests.support.small_mesh import forged

SOON_S = 30.0
Change = Callable[[bytes], bytes]


def as_it_is(data: bytes) -> bytes:
    return data


def flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


class Meddling(grpc.GenericRpcHandler):
    """The relay, with hands on the bytes of unary calls and of streamed answers."""

    def __init__(self, relay: RelayService) -> None:
        self._relay = relay
        self.asked: Change = as_it_is
        self.answered: Change = as_it_is
        self.opened: Change = as_it_is
        self.twice = False
        self.kept: list[bytes] = []
        self.hand_back: Callable[[list[bytes]], list[bytes]] = list[bytes]

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        handler: Any = self._relay.service(handler_call_details)
        method = str(handler_call_details.method)
        if handler is None or not method.endswith(("Call", "OpenSession", "Listen")):
            return handler
        if method.endswith("Listen"):
            return grpc.unary_stream_rpc_method_handler(self._listening(handler.unary_stream))
        opens = method.endswith("OpenSession")
        return grpc.unary_unary_rpc_method_handler(self._once(handler.unary_unary, opens=opens))

    def _once(self, inner: Any, *, opens: bool) -> Any:
        answered = self.opened if opens else self.answered

        async def behaviour(frame: bytes, context: Any) -> bytes:
            self.kept.append(frame)
            answer = await inner(self.asked(frame), context)
            if self.twice and not opens:
                await inner(frame, context)
            return answered(answer)

        return behaviour

    def _listening(self, inner: Any) -> Any:
        async def behaviour(frame: bytes, context: Any) -> AsyncIterator[bytes]:
            taken = _Taken(context)
            await inner(frame, taken)
            for each in self.hand_back(taken.frames):
                yield each

        return behaviour


class _Taken:
    """A context that keeps what is written to it."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self.frames: list[bytes] = []

    async def write(self, frame: bytes) -> None:
        self.frames.append(frame)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


class Meddled:
    """The three with such a relay between them."""

    def __init__(self) -> None:
        self.relay: Meddling | None = None

    def wrap(self, relay: RelayService) -> Meddling:
        self.relay = Meddling(relay)
        return self.relay

    @property
    def hands(self) -> Meddling:
        assert self.relay is not None
        return self.relay


async def ask(there: Relayed, channel: SealedChannel | None = None) -> int:
    channel = channel or there.channel()
    stats = channel.unary_unary(
        LAKE + "Stats", lake.StatsRequest.SerializeToString, lake.StatsResponse.FromString
    )
    return (await stats(lake.StatsRequest(), timeout=SOON_S)).lsn


async def listen(there: Relayed) -> int:
    history = there.channel().unary_stream(
        LAKE + "History", lake.HistoryRequest.SerializeToString, lake.HistoryResponse.FromString
    )
    return len([each async for each in history(lake.HistoryRequest())])


def said(error: BaseException) -> str:
    return (error_from_rpc(error) if isinstance(error, AioRpcError) else error).args[0]


async def test_a_relay_that_keeps_its_hands_still_carries(tmp_path: Path) -> None:
    """The control of all below."""
    meddled = Meddled()
    async with open_relayed(tmp_path, wrapped=meddled.wrap) as there:
        assert await ask(there) == 1
        assert await listen(there) == 3


async def test_a_question_that_was_changed_reaches_no_service(tmp_path: Path) -> None:
    meddled = Meddled()
    async with open_relayed(tmp_path, wrapped=meddled.wrap) as there:
        channel = there.channel()
        await channel.connect()
        meddled.hands.asked = flipped
        with pytest.raises(PostDevAIError, match="was changed"):
            await ask(there, channel)
        assert not there.kinds.callers


async def test_an_answer_that_was_changed_is_noticed_by_the_caller(tmp_path: Path) -> None:
    meddled = Meddled()
    async with open_relayed(tmp_path, wrapped=meddled.wrap) as there:
        meddled.hands.answered = flipped
        with pytest.raises(PostDevAIError, match="was changed"):
            await ask(there)


async def test_the_answer_of_another_call_is_noticed(tmp_path: Path) -> None:
    meddled = Meddled()
    async with open_relayed(tmp_path, wrapped=meddled.wrap) as there:
        channel, answers = there.channel(), list[bytes]()

        def swapped(answer: bytes) -> bytes:
            answers.append(answer)
            return answers[0]

        meddled.hands.answered = swapped
        assert await ask(there, channel) == 1
        with pytest.raises(PostDevAIError, match="of another call"):
            await ask(there, channel)


async def test_a_call_that_is_carried_a_second_time_is_refused(tmp_path: Path) -> None:
    meddled = Meddled()
    async with open_relayed(tmp_path, wrapped=meddled.wrap) as there:
        meddled.hands.twice = True
        with pytest.raises(PostDevAIError, match="call came a second time"):
            await ask(there)
        assert len(there.kinds.callers) == 1


async def test_a_call_that_is_named_another_way_is_refused(tmp_path: Path) -> None:
    """The method is bound to the seal: Stats cannot be made a GetBlob."""
    async with open_relayed(tmp_path) as there:
        channel = there.channel()
        await channel.connect()
        agreed = channel._caller._agreed  # pyright: ignore[reportPrivateUsage]
        assert agreed is not None
        frame = agreed.keys.sealer(9, LAKE + "Stats", up=True).seal(module_flags(), b"\0\0\0\0")
        call: Any = there.carrier.unary_unary(
            "/postdevai.v1.RelayService/Call",
            pb.CallRequest.SerializeToString,
            pb.CallResponse.FromString,
        )
        metadata = (
            ("postdevai-target", there.dragon.identity.uri),
            ("postdevai-method", LAKE + "GetBlob"),
            ("postdevai-session", agreed.keys.session.hex()),
        )
        with pytest.raises(AioRpcError) as raised:
            await call(pb.CallRequest(frame=frame), timeout=SOON_S, metadata=metadata)
        assert "sealed for another call" in said(raised.value)


def module_flags() -> Any:
    from common.rpc.sealed.frames import Flag

    return Flag.HEAD | Flag.MESSAGE | Flag.END


@pytest.mark.parametrize(
    ("how", "change", "reason"),
    [
        ("cut", lambda frames: frames[:-1], "cut off before its end"),
        ("shorter", lambda frames: [frames[0], frames[-1]], "missing or came in another order"),
        ("swapped", lambda frames: [frames[1], frames[0], *frames[2:]], "another order"),
        ("doubled", lambda frames: [frames[0], *frames], "a second time"),
        ("flipped", lambda frames: [flipped(frames[0]), *frames[1:]], "was changed"),
        ("torn", lambda frames: [*frames[:-1], frames[-1][:4]], "cannot be read"),
    ],
)
async def test_an_answer_in_pieces_that_was_meddled_with_is_noticed(
    tmp_path: Path, how: str, change: Callable[[list[bytes]], list[bytes]], reason: str
) -> None:
    meddled = Meddled()
    async with open_relayed(tmp_path, wrapped=meddled.wrap) as there:
        meddled.hands.hand_back = change
        with pytest.raises((PostDevAIError, AioRpcError)) as raised:
            await listen(there)
        assert reason in said(raised.value)


async def test_a_relay_that_answers_in_the_nodes_place_is_noticed(tmp_path: Path) -> None:
    """It knows the caller's opening and may make any keys, but not prove the owner's."""
    meddled = Meddled()
    async with open_relayed(tmp_path, wrapped=meddled.wrap) as there:
        own = X25519PrivateKey.generate()

        def answered(answer: bytes) -> bytes:
            public = own.public_key().public_bytes_raw()
            return pb.OpenSessionResponse(ephemeral=public, proof=bytes(32)).SerializeToString()

        meddled.hands.opened = answered
        with pytest.raises(PostDevAIError, match="does not hold the node's sealing key"):
            await ask(there)


async def test_a_key_that_the_relay_has_put_there_leads_nowhere(tmp_path: Path) -> None:
    async with open_relayed(tmp_path) as there:
        swapped = X25519PrivateKey.generate().public_key()
        caller = Caller(there.carrier, there.laptop, there.dragon.identity.uri, swapped)
        with pytest.raises(PostDevAIError, match="another key of this node"):
            await ask(there, SealedChannel(caller))


async def test_a_status_that_nobody_sealed_is_told_as_the_relays_word(tmp_path: Path) -> None:
    """Or a Coordinator could say in the Dragon's name that there is no such thing."""

    class Lying(Meddling):
        def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
            async def lie(frame: bytes, context: Any) -> bytes:
                return await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such thing")

            if str(handler_call_details.method).endswith("Call"):
                return grpc.unary_unary_rpc_method_handler(lie)
            return super().service(handler_call_details)

    async with open_relayed(tmp_path, wrapped=Lying) as there:
        with pytest.raises(PostDevAIError) as raised:
            await ask(there)
        assert type(raised.value).__name__ == "Unavailable"
        assert raised.value.message.startswith("by the relay: ")


async def test_nothing_that_is_carried_can_be_read_on_the_way(tmp_path: Path) -> None:
    meddled = Meddled()
    async with open_relayed(tmp_path, wrapped=meddled.wrap) as there:
        get = there.channel().unary_unary(
            LAKE + "GetBlob", lake.GetBlobRequest.SerializeToString, lake.GetBlobResponse.FromString
        )
        answers: list[bytes] = []
        meddled.hands.answered = lambda answer: answers.append(answer) or answer
        metadata = (("authorization", "Bearer the-ticket"),)
        with pytest.raises(AioRpcError):
            await get(lake.GetBlobRequest(hash="f00d"), timeout=SOON_S, metadata=metadata)
        seen = b"".join((*meddled.hands.kept, *answers))
        for secret in (b"f00d", b"the-ticket", b"no content", b"look elsewhere"):
            assert secret not in seen


async def test_a_stolen_name_opens_no_session(tmp_path: Path) -> None:
    """A member that seals in another's name does not have its key."""
    async with open_relayed(tmp_path) as there:
        thief = forged(there.authority, "developer")
        caller = Caller(
            there.carrier, thief, there.dragon.identity.uri, there.sealing_key.public_key()
        )
        channel = SealedChannel(caller)
        assert await ask(there, channel) == 1
        assert there.kinds.callers == [thief.identity.uri]


async def test_malformed_frames_crash_nothing_and_the_node_still_serves(tmp_path: Path) -> None:
    """At the node's own port, as a Coordinator could send them; the pure ones are ten thousand."""
    rng = random.Random(11)
    async with open_relayed(tmp_path) as there:
        channel = there.channel()
        assert await ask(there, channel) == 1
        agreed = channel._caller._agreed  # pyright: ignore[reportPrivateUsage]
        assert agreed is not None
        node = there.dragon.identity.uri
        async with open_channel(there.dragon_address, node, there.coordinator) as straight:
            call: Any = straight.unary_unary("/postdevai.v1.RelayService/Call")
            opened: Any = straight.unary_unary("/postdevai.v1.RelayService/OpenSession")
            for i in range(2_000):
                noise = rng.randbytes(rng.randrange(200))
                frame = pb.CallRequest(frame=noise).SerializeToString()
                session = agreed.keys.session.hex() if i % 3 else noise[:16].hex()
                metadata = (
                    ("postdevai-method", LAKE + ("Stats" if i % 5 else "Nothing")),
                    ("postdevai-session", session),
                )
                asked = call if i % 2 else opened
                with pytest.raises(AioRpcError):
                    await asked(frame if i % 4 else noise, timeout=SOON_S, metadata=metadata)
        assert await ask(there, channel) == 2
