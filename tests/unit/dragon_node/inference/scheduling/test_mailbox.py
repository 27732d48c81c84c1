"""Pieces that wait are joined; nothing that was made is lost on the way."""

from __future__ import annotations

import asyncio
import threading

import pytest

from common.errors import Invalid
from common.model.llm import Generated, TokenAlternative, TokenLogprob, ToolCall
from common.pb.postdevai.v1 import inference_service_pb2
from common.wire.translate import to_pb
from dragon_node.inference.scheduling.mailbox import PIECE_BYTES, Mailbox


async def test_pieces_that_wait_are_one_with_everything_they_say():
    mailbox = Mailbox()
    call = ToolCall("1", "search", "{}")
    mailbox.put(Generated("a", model="m", instead="the other is too large"))
    mailbox.put(Generated("", model="m", reasoning="hm", logprobs=(TokenLogprob("b", -1.0),)))
    mailbox.put(Generated("b", model="m", tool_calls=(call,)))
    mailbox.end(Generated("c", "stop", 5, 3, "m", cached_tokens=2))
    assert [p async for p in mailbox.pieces()] == [
        Generated(
            "abc",
            "stop",
            5,
            3,
            "m",
            "hm",
            (call,),
            (TokenLogprob("b", -1.0),),
            2,
            "the other is too large",
        )
    ]


async def test_an_answer_that_nobody_read_for_long_comes_in_messages_that_can_be_sent():
    mailbox = Mailbox()
    top = tuple(TokenAlternative(f"wörd{n}", -1.0) for n in range(10))
    for n in range(32_768):
        mailbox.put(Generated(f"{n} ", model="m", logprobs=(TokenLogprob(f"{n}", -1.0, top),)))
    mailbox.end(Generated("", "length", 1, 32_768, "m"))
    pieces = [p async for p in mailbox.pieces()]
    assert max(map(message_bytes, pieces)) <= PIECE_BYTES
    assert len(pieces) < 32
    assert "".join(p.text for p in pieces).split() == [str(n) for n in range(32_768)]
    assert [w.token for p in pieces for w in p.logprobs] == [str(n) for n in range(32_768)]
    assert [p.finish for p in pieces] == [""] * (len(pieces) - 1) + ["length"]
    assert pieces[-1].completion_tokens == 32_768


async def test_what_was_held_back_for_long_comes_in_messages_that_can_be_sent():
    mailbox = Mailbox()
    call = ToolCall("1", "search", "{}")
    held_back = "ein Wört " * 200_000
    mailbox.put(
        Generated(held_back, "", 0, 0, "m", held_back, (call, call), instead="the other is away")
    )
    mailbox.end(Generated("", "stop", 5, 3, "m"))
    pieces = [p async for p in mailbox.pieces()]
    assert max(map(message_bytes, pieces)) <= PIECE_BYTES + 100
    assert "".join(p.text for p in pieces) == held_back
    assert "".join(p.reasoning for p in pieces) == held_back
    assert [c for p in pieces for c in p.tool_calls] == [call, call]
    assert [p.instead for p in pieces if p.instead] == [pieces[0].instead] == ["the other is away"]
    assert [p.finish for p in pieces if p.finish] == [pieces[-1].finish] == ["stop"]


async def test_an_error_comes_after_every_message_that_was_made_before_it():
    mailbox = Mailbox()
    mailbox.put(Generated("a" * 3 * PIECE_BYTES))
    mailbox.fail(Invalid("no"))
    heard = 0
    with pytest.raises(Invalid):
        async for piece in mailbox.pieces("m"):
            heard += len(piece.text)
    assert heard == 3 * PIECE_BYTES


async def test_what_says_nothing_is_not_passed_on():
    mailbox = Mailbox()
    pieces = mailbox.pieces("m")
    mailbox.put(Generated(""))
    first = asyncio.ensure_future(anext(pieces))
    await asyncio.sleep(0)
    mailbox.put(Generated("a"))
    assert (await first) == Generated("a", model="m")
    await pieces.aclose()


async def test_an_end_without_text_is_an_end():
    mailbox = Mailbox()
    mailbox.end(Generated("", "stop"))
    assert [p.finish async for p in mailbox.pieces("m")] == ["stop"]


async def test_each_reader_raises_an_error_of_its_own():
    error = Invalid("no", hint="say yes", field="f")
    raised: list[Invalid] = []
    for _ in range(2):
        mailbox = Mailbox()
        mailbox.fail(error)
        with pytest.raises(Invalid) as why:
            await anext(mailbox.pieces())
        raised.append(why.value)
    assert raised[0] is not raised[1]
    assert (raised[0].message, raised[0].hint, raised[0].field) == ("no", "say yes", "f")


async def test_a_maker_on_another_thread_wakes_the_reader():
    mailbox = Mailbox()

    def make() -> None:
        for n in range(1_000):
            mailbox.put(Generated(f"{n} "))
        mailbox.end(Generated("", "length"))

    thread = threading.Thread(target=make)
    thread.start()
    text = "".join([p.text async for p in mailbox.pieces("m")])
    thread.join()
    assert text.split() == [str(n) for n in range(1_000)]


def message_bytes(piece: Generated) -> int:
    """As it is sent."""
    return to_pb(piece, inference_service_pb2.GenerateResponse).ByteSize()


def test_a_maker_outlives_the_loop_of_its_reader():
    mailbox = asyncio.run(_mailbox())
    mailbox.put(Generated("nobody reads that"))
    mailbox.end(Generated("", "stop"))


async def _mailbox() -> Mailbox:
    return Mailbox()
