"""One model's reader: requests in, tokens out, and tokens read back. Holds no MLX array."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from common.errors import Invalid, Unavailable
from common.model.llm import GenerationRequest, Thinking
from dragon_node.inference.reading import tools
from dragon_node.inference.reading.calls import Calls
from dragon_node.inference.reading.grammar import Grammars, Thought
from dragon_node.inference.reading.marks import Marks
from dragon_node.inference.reading.prompted import Constraint, Prompted, Speech
from dragon_node.inference.reading.speech import StreamedSpeech
from dragon_node.inference.reading.template import Template
from dragon_node.inference.reading.tokenizer import context_of, open_tokenizer, read_config

MAX_TOKENS = 256
"""Of an answer, when the request does not say."""


class Reader:
    """Any thread may use it, any number at a time."""

    def __init__(self, directory: Path, *, context: int = 0) -> None:
        """Opens the tokenizer: seconds for the first one. `context` 0 takes the configuration's.
        Unavailable or Corrupt when the directory cannot be read."""
        config = read_config(directory)
        self.context: int = context or context_of(config)
        """Tokens of prompt and answer together."""
        if self.context <= 0:
            raise Unavailable(
                f"{directory / 'config.json'} does not say how many tokens the model takes",
                hint="write context = ... into its entry in models.toml",
            )
        self._tokenizer: Any = open_tokenizer(directory, config)
        self._template = Template(self._tokenizer)
        self._marks = Marks(self._tokenizer)
        self._grammars = Grammars(self._tokenizer)
        self._lock = Lock()

    @property
    def stop_tokens(self) -> frozenset[int]:
        """Each of them ends an answer."""
        return frozenset(int(token) for token in self._tokenizer.eos_token_ids)

    @property
    def takes_tools(self) -> bool:
        """The template shows tools to the model, and its calls can be read."""
        return self._template.takes_tools

    def read(self, request: GenerationRequest) -> Prompted:
        """The request as the model reads it. Invalid names the field at fault."""
        self._check_tools(request)
        messages = tools.conversation(request.messages)
        offered = tools.offered(request.tools)
        request = _filled(request)
        with self._lock:
            thinking = self._thinking(request, messages)
            hidden = self._marks.hide(messages)
            text = self._template.render(hidden.messages, offered, thinking)
            tokens = self._marks.tokens(text, hidden)
        self._check_room(len(tokens), request.max_tokens)
        opening = self._template.opened(text)
        constraint = self._constraint(request, opening)
        return Prompted(request, tokens, constraint, opening=opening)

    def count(self, text: str) -> int:
        """Tokens of a text by itself."""
        with self._lock:
            return len(self._tokenizer.encode(text, add_special_tokens=False))

    def speech(self, prompted: Prompted) -> Speech:
        """Reads one answer's tokens back."""
        offered = tools.offered(prompted.request.tools)
        calls = Calls(self._tokenizer, offered) if offered else None
        return StreamedSpeech(self._tokenizer, prompted, calls)

    def _thinking(self, request: GenerationRequest, messages: list[dict[str, Any]]) -> Thinking:
        """An answer that is held to a grammar thinks only when it is told to."""
        held = bool(request.json_schema or request.regex)
        if held and not request.thinking and self._template.has_switch(messages):
            return "off"
        return request.thinking

    def _constraint(self, request: GenerationRequest, opening: str) -> Constraint | None:
        thought: Thought = "free" if request.thinking == "on" else "none"
        return self._grammars.constraint(request, "open" if opening else thought)

    def _check_tools(self, request: GenerationRequest) -> None:
        if self.takes_tools:
            return
        if request.tools and self._template.shows_tools:
            raise Invalid(
                "this model takes tools, but its calls cannot be told from text", field="tools"
            )
        if request.tools:
            raise Invalid("this model's template takes no tools", field="tools")
        if any(m.role == "tool" or m.tool_calls for m in request.messages):
            raise Invalid(
                "this model's template takes no tools, and these messages hold calls of tools",
                field="messages",
            )

    def _check_room(self, prompt: int, answer: int) -> None:
        if prompt + answer > self.context:
            raise Invalid(
                f"{prompt} tokens of prompt and {answer} of answer are more than the "
                f"{self.context} that this model takes",
                field="messages",
            )


def _filled(request: GenerationRequest) -> GenerationRequest:
    """Every zero that stands for a default replaced."""
    return replace(
        request,
        max_tokens=request.max_tokens or MAX_TOKENS,
        top_p=request.top_p or 1.0,
        repetition_penalty=request.repetition_penalty or 1.0,
        seed=request.seed or 1 + secrets.randbelow(2**63 - 1),
    )
