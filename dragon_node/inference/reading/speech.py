"""Tokens read back while they come: text, thoughts, tool calls, and where the answer ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.errors import Unavailable
from common.model.llm import ToolCall
from dragon_node.inference import mlx_modules
from dragon_node.inference.reading.calls import Calls
from dragon_node.inference.reading.constraint import GrammarConstraint
from dragon_node.inference.reading.prompted import Prompted, Said


class StreamedSpeech:
    """One answer. Marks (of thoughts, calls, stops) are found in the text, whatever tokens they are
    spread over; text that may become one is held back until it is known. Stop strings end what is
    said aloud; inside a thought or a call they mean nothing."""

    def __init__(self, tokenizer: Any, prompted: Prompted, calls: Calls | None) -> None:
        """`tokenizer` is a TokenizerWrapper; `calls` reads the calls, where tools were offered."""
        generate = mlx_modules.module("mlx_lm.generate")
        self._machine: Any = generate.TextStateMachine
        self._prompted = prompted
        self._tokenizer = tokenizer
        self._detokenizer: Any = tokenizer.detokenizer
        self._calls = calls
        self._call = ""
        self._ended = False
        transitions = _transitions(tokenizer, prompted, tools=calls is not None)
        first = _first_state(tokenizer, prompted)
        self._was: str | None = first
        self._state: Any = self._machine(transitions).make_state(first)
        if prompted.constraint is not None:
            _keep_first_space(self._detokenizer)

    def feed(self, token: int) -> Said:
        """The next token, in order; nothing comes after a stop string."""
        if self._ended or not _has_text(self._detokenizer, token):
            return Said(ended=self._ended)
        self._detokenizer.add_token(token)
        return self._said(self._detokenizer.last_segment)

    def end(self, *, cut: bool) -> Said:
        """What was held back. A call that was `cut` is text; one only left open is read.
        Unavailable when the answer ended because its grammar was given up."""
        if self._ended:
            return Said()
        if not cut:
            _check_whole(self._prompted)
        self._detokenizer.finalize()
        said = self._said(self._detokenizer.last_segment)
        if said.ended:
            return said
        self._state, rest, _ = self._machine.flush(self._state)
        last = self._sort([(self._was, rest)])
        left = self._settle(closed=False, cut=cut) if self._was == "tool" else Said()
        self._ended = True
        return _joined([said, last, left])

    def word(self, token: int) -> str:
        """One token by itself, for logprobs: with its space, and of a part of a letter \ufffd."""
        detokenizer = self._tokenizer.detokenizer
        _keep_first_space(detokenizer)
        if _has_text(detokenizer, token):
            detokenizer.add_token(token)
            detokenizer.finalize()
        return detokenizer.last_segment

    def _said(self, text: str) -> Said:
        self._state, segments = self._machine.split(self._state, text)
        return self._sort(segments)

    def _sort(self, segments: Sequence[tuple[str | None, str]]) -> Said:
        return _joined([self._segment(state, text) for state, text in segments])

    def _segment(self, state: str | None, text: str) -> Said:
        left = self._was == "tool" and state != "tool"
        self._was = state
        settled = self._settle(closed=True, cut=False) if left else Said()
        match state:
            case None:
                self._ended = True
                return _joined([settled, Said(ended=True)])
            case "reasoning":
                return _joined([settled, Said(reasoning=text)])
            case "tool":
                self._call += text
                return settled
            case "normal":
                return _joined([settled, Said(text=text)])
            case _:
                return settled  # a header between messages, which the format itself leaves out

    def _settle(self, *, closed: bool, cut: bool) -> Said:
        """The call that has been collected, or its text when it is none."""
        written, self._call = self._call, ""
        assert self._calls is not None, "calls are collected only where they are read"
        calls: Sequence[ToolCall] = () if cut else self._calls.read(written)
        if calls:
            return Said(tool_calls=tuple(calls))
        return Said(text=self._calls.start + written + (self._calls.end if closed else ""))


def _transitions(
    tokenizer: Any, prompted: Prompted, *, tools: bool
) -> dict[str, list[tuple[str, str | None]]]:
    """State to (mark, next state); None is the end. As mlx_lm.generate.make_text_state_machine, but
    calls only where tools were offered, and a stop string ends."""
    table: dict[str, list[tuple[str, str | None]]] = {"normal": []}
    if tokenizer.has_thinking:
        table["reasoning"] = [(tokenizer.think_end, "normal")]
        # in a constrained answer such a mark is data, unless a thought was asked for
        if prompted.constraint is None or prompted.request.thinking == "on":
            table["normal"].append((tokenizer.think_start, "reasoning"))
    for mark in tokenizer.structural_markers:
        table["normal"].append((mark, "normal"))
    for state, edges in tokenizer.response_transitions.items():
        table.setdefault(state, []).extend(e for e in edges if tools or e[1] != "tool")
    if tools:
        _add_tools(table, tokenizer)
    table["normal"] += [(stop, None) for stop in prompted.request.stop if stop]
    return table


def _add_tools(table: dict[str, list[tuple[str, str | None]]], tokenizer: Any) -> None:
    decided = any(to == "tool" for edges in table.values() for _, to in edges)
    for state in ("reasoning",) if decided else ("normal", "reasoning"):
        if state in table:
            table[state].append((tokenizer.tool_call_start, "tool"))
    table["tool"] = [(tokenizer.tool_call_end, "normal")] if tokenizer.tool_call_end else []


def _first_state(tokenizer: Any, prompted: Prompted) -> str:
    return "reasoning" if prompted.opening else tokenizer.response_initial_state or "normal"


def _check_whole(prompted: Prompted) -> None:
    constraint = prompted.constraint
    if isinstance(constraint, GrammarConstraint) and constraint.fault:
        raise Unavailable(
            f"the answer broke off, because its grammar could not be followed: {constraint.fault}",
            hint="ask for a simpler schema",
        )


def _keep_first_space(detokenizer: Any) -> None:
    """A grammar means every space: the detokenizers that begin without one are told that there is
    text already."""
    if "text" in vars(detokenizer):
        detokenizer.text, detokenizer.offset = "\n", 1


def _has_text(detokenizer: Any, token: int) -> bool:
    """Models have more rows than their tokenizer has tokens: such a row says nothing."""
    words: Sequence[object] | None = getattr(detokenizer, "tokenmap", None)
    return words is None or (token < len(words) and words[token] is not None)


def _joined(said: Sequence[Said]) -> Said:
    return Said(
        text="".join(s.text for s in said),
        reasoning="".join(s.reasoning for s in said),
        tool_calls=tuple(call for s in said for call in s.tool_calls),
        ended=any(s.ended for s in said),
    )
