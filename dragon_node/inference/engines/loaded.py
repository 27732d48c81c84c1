"""A model whose weights are in memory, and what of its files an engine needs to know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast


class Caches(Protocol):
    """How large caches become."""

    def kv_bytes(self, tokens: Sequence[int]) -> int:
        """The most for requests of so many tokens each that run together."""
        ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """Evaluated weights; the arrays belong to the owner thread."""

    model: Any
    """mlx.nn.Module of mlx_lm."""
    weight_bytes: int
    stop_tokens: frozenset[int]
    """Each ends an answer and says nothing."""


def stop_tokens(directory: Path) -> frozenset[int]:
    """What mlx_lm takes for the end of an answer (tokenizer_utils.TokenizerWrapper), without the
    seconds that a whole tokenizer takes: the configurations' numbers and the tokenizer's eos."""
    said = _json(directory / "config.json").get("eos_token_id")
    said = _json(directory / "generation_config.json").get("eos_token_id") or said
    numbers: list[Any] = cast("list[Any]", said) if isinstance(said, list) else [said]
    return frozenset(int(n) for n in [*numbers, _tokenizer_eos(directory)] if n is not None)


def same_vocabulary(one: Path, other: Path) -> bool:
    """Whether a token's number means the same to both. True when neither says."""
    said = [_json(d / "tokenizer.json").get("model", {}).get("vocab") for d in (one, other)]
    return bool(said[0] == said[1])


def _tokenizer_eos(directory: Path) -> int | None:
    token: Any = _json(directory / "tokenizer_config.json").get("eos_token")
    token = token or _json(directory / "special_tokens_map.json").get("eos_token")
    word = cast("dict[str, Any]", token).get("content") if isinstance(token, dict) else token
    tokenizer = _json(directory / "tokenizer.json")
    added: list[dict[str, Any]] = tokenizer.get("added_tokens", [])
    for entry in added:
        if entry.get("content") == word:
            return int(entry["id"])
    vocabulary: Any = tokenizer.get("model", {}).get("vocab", {})
    if isinstance(vocabulary, dict):
        return cast("dict[Any, int]", vocabulary).get(word)
    return None


def _json(file: Path) -> dict[str, Any]:
    """Empty for a file that is not there: which of them a model has differs."""
    if not file.is_file():
        return {}
    found: Any = json.loads(file.read_text("utf-8"))
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
