"""What a small model here is asked, and which of its markers mean something. Pure."""

from __future__ import annotations

import re
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

_UNDECIDED = re.compile(r"[ \t]*(?:\[[\d\s,;]*)?$")
_MARKER = re.compile(r"[ \t]*\[\s*(\d+(?:\s*[,;]\s*\d+)*)\s*\]")


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


class Checked:
    """Words as they come, without markers that name no passage: what may become a marker is held
    back until it is one or is not."""

    def __init__(self, passages: int) -> None:
        self._passages = passages
        self._held = ""
        self._cited: dict[int, None] = {}
        self._shown: list[str] = []

    @property
    def cited(self) -> tuple[int, ...]:
        """Numbers of the passages that were named, in order."""
        return tuple(self._cited)

    @property
    def shown(self) -> str:
        """All that was given back."""
        return "".join(self._shown)

    def feed(self, words: str) -> str:
        """More words; what may be shown now."""
        pending = self._held + words
        undecided = _UNDECIDED.search(pending)
        cut = undecided.start() if undecided else len(pending)
        self._held = pending[cut:]
        return self._show(pending[:cut])

    def flush(self) -> str:
        """There are no more."""
        rest, self._held = self._held, ""
        return self._show(rest.rstrip())

    def _show(self, text: str) -> str:
        good = _MARKER.sub(self._good, text)
        good = good if self._shown else good.lstrip()
        if good:
            self._shown.append(good)
        return good

    def _good(self, match: re.Match[str]) -> str:
        numbers = [int(n) for n in re.findall(r"\d+", match[1])]
        kept = [n for n in numbers if 1 <= n <= self._passages]
        self._cited.update(dict.fromkeys(kept))
        return f" [{', '.join(map(str, kept))}]" if kept else ""
