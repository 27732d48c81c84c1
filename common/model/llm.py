"""Models and what they are asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ModelState = Literal["missing", "arriving", "ready", "loaded", "failed"]


@dataclass(frozen=True, slots=True)
class Model:
    """A model in the catalogue."""

    name: str
    purpose: Literal["reasoning", "code", "fast", "embedding"]
    state: ModelState
    progress: float = 0.0
    """Share that has arrived, 0 to 1."""
    parameters: int = 0
    bytes: int = 0
    detail: str = ""
    """What went wrong, or what to do next."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Generated:
    """A piece of what was generated; `finish` is empty before the last."""

    text: str
    finish: Literal["", "stop", "length"] = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    model: str = ""
