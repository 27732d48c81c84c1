"""Builds what a model is asked, under a token budget. Pure but for the counting of tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from common.model.answer import AskTurn, Hit
from common.model.llm import ChatMessage

INSTRUCTION = (
    "You answer questions about a code base from numbered passages. Use nothing else. "
    "After each statement write the number of the passage that it rests on, like [1]. "
    "If the passages do not answer the question, say so. Be brief."
)
TEMPLATE_TOKENS = 24
"""What a chat template adds to two messages."""
TURN_TOKENS = 24
"""What it adds to the two messages of an earlier turn."""
SEPARATOR_TOKENS = 2
"""The empty line between two passages."""
CUT = "    ..."
NOTED = "\n\nWhat the person wants you to know: "

_MARKER = re.compile(r"[ \t]*\[\d{1,3}\]")


@dataclass(frozen=True, slots=True)
class Built:
    """Messages, and how many of the passages went into them."""

    messages: tuple[ChatMessage, ...]
    used: int
    """The first so many passages; markers 1 to `used` mean something to the model."""


def build_prompt(
    question: str,
    passages: Sequence[Hit],
    budget: int,
    count: Callable[[str], int],
    *,
    before: Sequence[AskTurn] = (),
    note: str = "",
) -> Built:
    """As many passages as fit, best first, a long one cut at a line's end.

    A passage takes half of what is left at most, so that the first does not crowd out the others.
    A question longer than half of the budget is cut: it must leave room for an answer's ground.
    A note takes a quarter of what is left then, earlier turns a third of what is left after it:
    the newest stay, and of the newest of all as much of its answer as there is room for.
    """
    asked = _cut(question, budget // 2, count)
    left = budget - TEMPLATE_TOKENS - count(INSTRUCTION) - count(_user((), asked))
    told = INSTRUCTION
    if kept := _cut(note.strip(), left // 4 - count(NOTED), count):
        told = f"{INSTRUCTION}{NOTED}{kept}"
        left -= count(told) - count(INSTRUCTION)
    turns, taken = _turns(before, left // 3, count)
    left -= taken
    blocks: list[str] = []
    for number, hit in enumerate(passages, start=1):
        room = left - SEPARATOR_TOKENS
        last = number == len(passages)
        block = _block(number, hit, room if last else room // 2, count)
        if not block:
            break
        blocks.append(block)
        left = room - count(block)
    asking = ChatMessage("user", _user(blocks, asked))
    return Built((ChatMessage("system", told), *turns, asking), len(blocks))


def as_text(messages: Sequence[ChatMessage]) -> str:
    """What a model is given, for a person to read."""
    return "\n\n".join(f"--- {message.role} ---\n{message.content}" for message in messages)


def _turns(
    before: Sequence[AskTurn], room: int, count: Callable[[str], int]
) -> tuple[list[ChatMessage], int]:
    """The newest turns that fit, oldest first, and what they take."""
    kept: list[ChatMessage] = []
    taken = 0
    for turn in reversed(before):
        left = room - taken - TURN_TOKENS - count(turn.question)
        # its markers were of other passages than those that are numbered now
        answer = _MARKER.sub("", turn.answer).strip()
        if not kept:
            answer = _cut(answer, left, count)
        if not answer or count(answer) > left:
            break
        kept[:0] = [ChatMessage("user", turn.question), ChatMessage("assistant", answer)]
        taken = room - left + count(answer)
    return kept, taken


def _block(number: int, hit: Hit, room: int, count: Callable[[str], int]) -> str:
    head = f"[{number}] {_place(hit)}"
    lines = hit.text.splitlines()
    kept = len(lines)
    block = "\n".join([head, *lines])
    while count(block) > room:
        kept = min(kept - 1, kept * 3 // 4)
        if kept < 1:
            return ""
        block = "\n".join([head, *lines[:kept], CUT])
    return block


def _place(hit: Hit) -> str:
    """Where a passage lies; of what happened, what it is and on which day."""
    if hit.kind == "code":
        return f"{hit.path}:{hit.start_line}-{hit.end_line} {hit.symbol}".rstrip()
    day = datetime.fromtimestamp(hit.at_ms / 1_000, UTC)
    return f"{hit.kind} of {day:%Y-%m-%d} {hit.symbol}".rstrip()


def _user(blocks: Sequence[str], question: str) -> str:
    return "\n\n".join([*blocks, f"Question: {question}"])


def _cut(text: str, room: int, count: Callable[[str], int]) -> str:
    """The beginning of a text; empty where there is no room at all."""
    if room <= 0:
        return ""
    kept = text
    while kept and count(kept) > room:
        kept = kept[: len(kept) * 3 // 4]
    return kept
