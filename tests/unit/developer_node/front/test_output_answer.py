"""The passages of an answer: places in the code, and things that happened, each by its name."""

from __future__ import annotations

from collections.abc import Sequence

from common.model.answer import AskEnd, AskPassages, Freshness, Hit
from common.model.ids import ContentHash, EventId
from developer_node.front import output_answer
from developer_node.front.output_page import Line
from developer_node.front.output_words import when

CODE = Hit(
    "thing", "/w", "a.py", 1, 2, text="one\ntwo", commit="c" * 40, blob=ContentHash("b" * 40)
)
FAILED, RAN = (
    Hit("thing", "/w", "", 0, 0, kind="failure", event=EventId(event), at_ms=1_000, why=("words",))
    for event in ("e1", "e2")
)
KNOWN = AskPassages((CODE, FAILED, RAN), Freshness())


def texts(lines: Sequence[Line]) -> list[str]:
    return ["".join(span.text for span in spans) for spans in lines]


def test_what_happened_is_named_by_when_and_its_event_and_never_as_a_place() -> None:
    code, opens, failed, ran = texts(output_answer.passages(KNOWN, cwd="/w"))
    assert code == "[1] a.py:1-2  thing ccccccc"
    assert opens == f"    postdevai open {'b' * 40}:1-2"
    assert failed == f"[2] {when(1_000)}  thing  failure e1  words"
    assert ran == f"[3] {when(1_000)}  thing  failure e2  words"


def test_of_two_things_that_happened_the_one_that_is_cited_is_named() -> None:
    end = AskEnd("It broke. [2]", (FAILED,), "stop")
    assert "Cited: [2]" in texts(output_answer.after(KNOWN, end, "It broke. [2]"))
