"""A request as a model reads it, and what its tokens say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from common.model.llm import GenerationRequest, ToolCall

Processor = Callable[[Any, Any], Any]
"""(tokens so far, (1, vocabulary) logits) to logits; both are MLX arrays, on the owner thread."""


class Constraint(Protocol):
    """A compiled JSON Schema or regular expression. Holds no MLX array."""

    def processor(self, prompt_tokens: int) -> Processor:
        """A fresh one for one request, whose first `prompt_tokens` tokens are not its own."""
        ...


@dataclass(frozen=True, slots=True)
class Prompted:
    """What is given to an engine. Made beside the owner thread, without MLX."""

    request: GenerationRequest
    """With every zero that stands for a default replaced: max_tokens, top_p, repetition_penalty,
    seed."""
    tokens: tuple[int, ...]
    constraint: Constraint | None = None
    stamp: str = ""
    """Of the files that it was read by; a model loaded from others does not understand it."""
    opening: str = ""
    """The end of the prompt that belongs to the answer: an opened thought, for Speech."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one token added."""

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    ended: bool = False
    """A stop string has come: the request is over, and its text ends before it."""


class Speech(Protocol):
    """Reads one request's tokens back: text, thoughts, tool calls, stop strings."""

    def feed(self, token: int) -> Said:
        """The next token, in order."""
        ...

    def end(self, *, cut: bool) -> Said:
        """What was held back; `cut` when the answer did not end by itself."""
        ...

    def word(self, token: int) -> str:
        """One token by itself, for logprobs."""
        ...
