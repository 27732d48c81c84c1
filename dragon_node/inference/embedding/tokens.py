"""Texts as an embedder reads them: cut to its length, with what its tokenizer puts around them."""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from common.errors import Unavailable

TEXT_CHARS_MIN = 100_000
TOKEN_CHARS_MAX = 64
"""A text is cut to that many characters a token, or the number above, before it is tokenized."""


class TextTokens:
    """The tokenizer of one embedder."""

    def __init__(self, directory: Path, tokens_max: int) -> None:
        """From tokenizer.json and tokenizer_config.json. Unavailable when they cannot be read."""
        tokenizers: Any = importlib.import_module("tokenizers")
        try:
            self._tokenizer: Any = tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json"))
            said = _said(directory)
        except Exception as why:  # tokenizers raises the bare type
            raise Unavailable(
                f"the tokenizer in {directory} cannot be read: {why}", hint="fetch the model again"
            ) from why
        self._end = self._end_token(said)
        self._adds_end = bool(said.get("add_eos_token")) and self._end is not None
        self._chars_max = max(TEXT_CHARS_MIN, tokens_max * TOKEN_CHARS_MAX)
        self._tokenizer.enable_truncation(tokens_max - self._adds_end)
        self._tokenizer.no_padding()

    def read(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each, at least one: a text of no tokens is the token that ends a text."""
        encoded: Any = self._tokenizer.encode_batch([text[: self._chars_max] for text in texts])
        return [self._ended(list(e.ids)) for e in encoded]

    def _ended(self, ids: list[int]) -> list[int]:
        if self._end is not None and (not ids or (self._adds_end and ids[-1] != self._end)):
            ids.append(self._end)
        return ids or [0]

    def _end_token(self, said: dict[str, Any]) -> int | None:
        named: Any = said.get("eos_token")
        if isinstance(named, dict):  # an added token with its properties
            named = cast("dict[str, Any]", named).get("content")
        found: Any = self._tokenizer.token_to_id(named) if isinstance(named, str) else None
        return None if found is None else int(found)


def _said(directory: Path) -> dict[str, Any]:
    file = directory / "tokenizer_config.json"
    return dict(json.loads(file.read_text("utf-8"))) if file.exists() else {}
