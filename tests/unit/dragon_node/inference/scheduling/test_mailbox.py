"""Pieces that wait are joined; nothing that was made is lost on the way."""

from __future__ import annotations

import asyncio
import threading

import pytest

from common.errors import Invalid
from common.model.llm import Generated, TokenLogprob, ToolCall
from dragon_node.inference.scheduling.mailbox import Mailbox


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


def test_a_maker_outlives_the_loop_of_its_reader():
    mailbox = asyncio.run(_mailbox())
    mailbox.put(Generated("nobody reads that"))
    mailbox.end(Generated("", "stop"))


async def _mailbox() -> Mailbox:
    return Mailbox()
