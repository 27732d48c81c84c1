"""What a small model here is asked. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from common.model.answer import AskRequest, Hit
from common.model.llm import ChatMessage

INSTRUCTION = (
    "You answer questions about a code base from numbered passages. Use nothing else. "
    "After each statement write the number of the passage that it rests on, like [1]. "
    "If the passages do not answer the question, say so. Be brief."
)
CHARS_MAX = 6_000
"""Of all passages: a small model reads slowly."""
TURNS_MAX = 4


def messages(request: AskRequest, passages: Sequence[Hit]) -> tuple[ChatMessage, ...]:
    """Instruction, what was said before, passages and question."""
    said: list[ChatMessage] = [ChatMessage("system", INSTRUCTION)]
    for turn in request.before[-TURNS_MAX:]:
        said += [ChatMessage("user", turn.question), ChatMessage("assistant", turn.answer)]
    left = CHARS_MAX
    blocks: list[str] = []
    for number, hit in enumerate(passages, 1):
        text = hit.text[: max(left // 2, 200)]
        left -= len(text)
        blocks.append(f"[{number}] {hit.path}:{hit.start_line}-{hit.end_line}\n{text}")
        if left < 200:
            break
    note = [f"Note: {request.note}"] if request.note else []
    user = "\n\n".join([*blocks, *note, f"Question: {request.question}"])
    return (*said, ChatMessage("user", user))


def as_text(asked: Sequence[ChatMessage]) -> str:
    """What the model is given, as one text."""
    return "\n\n".join(f"{m.role}: {m.content}" for m in asked)
