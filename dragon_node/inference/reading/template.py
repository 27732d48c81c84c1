"""A model's chat template: messages in, the text that it reads out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from common.errors import Invalid
from common.model.llm import Thinking
from dragon_node.inference.reading.bounds import bounded
from dragon_node.inference.reading.tokenizer import first_line

Message = Mapping[str, Any]
PROBE: Sequence[Message] = ({"role": "user", "content": "?"},)
PROBE_TOOL: Message = {
    "type": "function",
    "function": {
        "name": "probe_of_tools",
        "description": "?",
        "parameters": {"type": "object", "properties": {"x": {"type": "string"}}, "required": []},
    },
}


class Template:
    """Knows what the template does by trying it, not by its name."""

    def __init__(self, tokenizer: Any) -> None:
        """`tokenizer` is a TokenizerWrapper of mlx_lm."""
        self._tokenizer = tokenizer
        self.shows_tools: bool = self._shows_tools()
        """The model gets to see them."""
        self.takes_tools: bool = tokenizer.has_tool_calling and self.shows_tools
        """And its calls can be read."""

    def render(
        self, messages: Sequence[Message], tools: Sequence[Message], thinking: Thinking
    ) -> str:
        """The prompt. Invalid when the template refuses the messages, or knows no thinking."""
        text = self._render(messages, tools, None if thinking == "" else thinking == "on")
        match thinking:
            case "on":
                self._check_thinks(text, messages, tools)
            case "off":
                self._check_silent(text, messages, tools)
            case "":
                pass
        return text

    def opened(self, text: str) -> str:
        """The end of a prompt that opens a thought, which the answer goes on with; or nothing. Only
        the very end counts: people write the same marks into their messages."""
        start: str = self._tokenizer.think_start or ""
        return text[text.rindex(start) :] if start and text.rstrip().endswith(start) else ""

    def has_switch(self, messages: Sequence[Message], tools: Sequence[Message] = ()) -> bool:
        """Thinking can be turned on and off."""
        return self._tokenizer.has_thinking and (
            self._render(messages, tools, True) != self._render(messages, tools, False)
        )

    def _check_thinks(
        self, text: str, messages: Sequence[Message], tools: Sequence[Message]
    ) -> None:
        if not self.opened(text) and not self.has_switch(messages, tools):
            raise Invalid(
                "this model's template knows no thinking that could be turned on",
                hint="leave thinking out, or ask a reasoning model",
                field="thinking",
            )

    def _check_silent(
        self, text: str, messages: Sequence[Message], tools: Sequence[Message]
    ) -> None:
        if self.opened(text):
            raise Invalid(
                "this model always thinks: its template cannot turn it off",
                hint="leave thinking out, or ask another model",
                field="thinking",
            )

    def _render(
        self, messages: Sequence[Message], tools: Sequence[Message], thinking: bool | None
    ) -> str:
        if not self._tokenizer.has_chat_template:
            raise Invalid(
                "this model has no chat template, so it takes no messages",
                hint="choose a model made for conversations (instruct, chat)",
                field="model",
            )
        switch = {} if thinking is None else {"enable_thinking": thinking}
        try:
            with bounded():
                return self._tokenizer.apply_chat_template(
                    [dict(message) for message in messages],
                    tools=[dict(tool) for tool in tools] or None,
                    add_generation_prompt=True,
                    tokenize=False,
                    **switch,
                )
        except Exception as why:  # a template is a program of the model's: it may fail as it likes
            raise Invalid(
                f"this model does not take these messages: {first_line(why)}", field="messages"
            ) from why

    def _shows_tools(self) -> bool:
        try:
            shown = self._render(PROBE, (PROBE_TOOL,), None)
        except Invalid:
            return False
        return "probe_of_tools" in shown
