"""The tokenizer's own marks inside a message: letters there, and never the end of a turn."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Message = Mapping[str, Any]
ANCHORS = ("\n", "=", "a")
"""What a piece of text is encoded behind, so that it is encoded as in the middle of a text."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Messages with every mark in their content behind a name that no tokenizer knows."""

    messages: Sequence[Message]
    marks: Mapping[str, str]
    """By that name; empty nearly always."""


class Marks:
    """Source code that deals with models holds such marks, and so does a text that means to deceive
    one: taken for what they look like, they end the message and begin a stranger's."""

    def __init__(self, tokenizer: Any) -> None:
        """`tokenizer` is a TokenizerWrapper."""
        self._tokenizer = tokenizer
        added: Mapping[int, Any] = tokenizer.added_tokens_decoder
        self._special = [
            str(token.content)
            for token in added.values()
            if token.special and len(token.content) > 1 and not token.content.isspace()
        ]

    def hide(self, messages: Sequence[Message]) -> Hidden:
        """Before the template writes its own."""
        contents = "\0".join(str(message["content"]) for message in messages)
        found = sorted((m for m in self._special if m in contents), key=len, reverse=True)
        if not found:
            return Hidden(messages, {})
        names = {mark: f"\ue000{secrets.token_hex(8)}\ue000" for mark in found}
        any_mark = re.compile("|".join(re.escape(mark) for mark in found))

        def hidden(content: str) -> str:
            return any_mark.sub(lambda hit: names[hit[0]], content)

        changed = [{**m, "content": hidden(str(m["content"]))} for m in messages]
        return Hidden(changed, {name: mark for mark, name in names.items()})

    def tokens(self, text: str, hidden: Hidden) -> tuple[int, ...]:
        """Of what the template wrote, with the marks of messages as their letters."""
        if not hidden.marks:
            return tuple(self._encoded(text))
        pieces = re.split("(" + "|".join(map(re.escape, hidden.marks)) + ")", text)
        tokens = self._encoded(pieces[0])
        letters = {name: self._letters(mark) for name, mark in hidden.marks.items()}
        for piece in pieces[1:]:
            tokens += letters[piece] if piece in letters else self._inside(piece)
        return tuple(tokens)

    def _letters(self, mark: str) -> list[int]:
        """Halves of a mark are none."""
        return self._inside(mark[:1]) + self._inside(mark[1:])

    def _inside(self, text: str) -> list[int]:
        for anchor in ANCHORS:
            before, both = self._encoded(anchor), self._encoded(anchor + text)
            if both[: len(before)] == before:
                return both[len(before) :]
        return self._encoded(text)

    def _encoded(self, text: str) -> list[int]:
        """The template writes the special tokens itself."""
        return list(self._tokenizer.encode(text, add_special_tokens=False))
