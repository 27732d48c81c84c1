"""JSON Schemas and regular expressions as grammars, compiled once for one model's tokenizer."""

from __future__ import annotations

import importlib
import json
import re
from collections import OrderedDict
from copy import copy
from threading import Lock
from typing import Any, Literal

from common.errors import Invalid
from common.model.llm import GenerationRequest
from dragon_node.inference.reading import schema
from dragon_node.inference.reading.constraint import GrammarConstraint, allowed

Thought = Literal["none", "open", "free"]
"""Before the answer: nothing, a thought that the prompt has opened, or one if the model wants."""

SCHEMA_CHARS_MAX = 65_536
REGEX_CHARS_MAX = 4_096
KEPT_MAX = 32
"""Compiled grammars; the one that was used longest ago goes first."""
FUEL = 100_000
"""llguidance's `initial_lexer_fuel`: an expression that needs more takes tenths of a second for a
token, in which nobody else would get one."""
TRIED = 4
"""Tokens that are tried when a grammar is compiled: better refused then than broken off later."""
NOTHING = ("NoExtension", "NoExtensionBias")
"""llguidance's words for a grammar that no text obeys."""


class Grammars:
    """The grammars of one model. Any thread may compile."""

    def __init__(self, tokenizer: Any) -> None:
        """`tokenizer` is a TokenizerWrapper; its own tables are read when the first is compiled."""
        self._tokenizer = tokenizer
        self._lock = Lock()
        self._library: Any = None
        self._words: Any = None
        self._kept: OrderedDict[str, Any] = OrderedDict()

    def constraint(self, request: GenerationRequest, thought: Thought) -> GrammarConstraint | None:
        """What the answer has to obey, for this request alone; None when it asks for nothing.
        Invalid with the compiler's reason."""
        if not request.json_schema and not request.regex:
            return None
        field = "json_schema" if request.json_schema else "regex"
        _check(request, field)
        self._check_plain(field)
        answer = schema.lark(request.json_schema) if request.json_schema else _regex(request.regex)
        with self._lock:
            compiled = self._compiled(answer, thought, field)
        return GrammarConstraint(compiled, self._words.vocab_size)

    def _check_plain(self, field: str) -> None:
        if self._tokenizer.response_initial_state:
            raise Invalid(
                "this model writes headers before its answers, which no schema describes",
                hint="ask another model",
                field=field,
            )

    def _compiled(self, answer: str, thought: Thought, field: str) -> Any:
        self._open(field)
        grammar = self._grammar(answer, thought)
        if grammar not in self._kept:
            self._kept[grammar] = self._compile(grammar, field)
        self._kept.move_to_end(grammar)
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return self._kept[grammar]

    def _open(self, field: str) -> None:
        if self._words is not None:
            return
        backend: Any = getattr(self._tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise Invalid(
                "this model's tokenizer is of a kind that cannot be held to a schema", field=field
            )
        self._library = importlib.import_module("llguidance")
        plain = copy(backend)
        plain.no_padding()
        plain.no_truncation()
        stops = sorted(int(token) for token in self._tokenizer.eos_token_ids)
        self._words = self._library.LLTokenizer(plain.to_str(), eos_token=stops)

    def _compile(self, grammar: str, field: str) -> Any:
        limits = self._library.LLParserLimits(initial_lexer_fuel=FUEL, verbose_errors=False)
        matcher = self._library.LLMatcher(self._words, grammar, log_level=0, limits=limits)
        self._check_compiled(matcher, field)
        self._try(matcher.deep_copy(), field)
        return matcher

    def _try(self, matcher: Any, field: str) -> None:
        """Takes the first token that is allowed, a few times."""
        stops = self._tokenizer.eos_token_ids
        for _ in range(TRIED):
            tokens = [int(t) for t in allowed(matcher, self._words.vocab_size).nonzero()[0]]
            self._check_compiled(matcher, field)
            token = next((t for t in tokens if t not in stops), None)
            if token is None:
                return
            matcher.consume_token(token)
        self._check_compiled(matcher, field)

    def _check_compiled(self, matcher: Any, field: str) -> None:
        if matcher.is_error():
            name = "JSON Schema" if field == "json_schema" else "regular expression"
            raise Invalid(
                f"this {name} cannot be held to: {_reason(matcher.get_error())}", field=field
            )

    def _grammar(self, answer: str, thought: Thought) -> str:
        """In llguidance's dialect of Lark. A thought is any text up to its mark."""
        if thought == "none":
            return f"start: answer\n{answer}"
        start = "thought answer" if thought == "open" else "(opening thought)? answer"
        opening = self._marked(self._tokenizer.think_start_tokens)
        return f"start: {start}\nopening: {opening}\n{self._thought()}\n{answer}"

    def _thought(self) -> str:
        end = self._tokenizer.think_end_tokens
        if len(end) == 1 and self._words.is_special_token(end[0]):
            return f"thought: THOUGHT {self._marked(end)}\nTHOUGHT: /(?s:.)*/"
        return f"thought[suffix={json.dumps(self._tokenizer.think_end)}]: /(?s:.)*/"

    def _marked(self, tokens: tuple[int, ...]) -> str:
        return " ".join(
            f"<[{token}]>"
            if self._words.is_special_token(token)
            else json.dumps(self._tokenizer.decode([token]))
            for token in tokens
        )


def _check(request: GenerationRequest, field: str) -> None:
    if request.json_schema and request.regex:
        raise Invalid("json_schema and regex cannot both hold: give one of them", field="regex")
    if request.tools:
        raise Invalid(
            "an answer that is held to a schema leaves no room for calls",
            hint="leave out the tools, or the schema",
            field=field,
        )
    _check_size("JSON Schema", request.json_schema, SCHEMA_CHARS_MAX, "json_schema")
    _check_size("regular expression", request.regex, REGEX_CHARS_MAX, "regex")


def _check_size(name: str, written: str, chars_max: int, field: str) -> None:
    if len(written) > chars_max:
        raise Invalid(
            f"this {name} has {len(written)} characters; {chars_max} are taken", field=field
        )


def _regex(written: str) -> str:
    library: Any = importlib.import_module("llguidance")
    grammar = json.loads(library.LLMatcher.grammar_from_regex(written))
    lark: str = grammar["grammars"][0]["lark_grammar"]
    return lark.replace("start:", "answer:", 1) + "\n"


def _reason(error: str) -> str:
    """The compiler's, without where in a grammar that nobody wrote."""
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    said = next((line for line in lines if line.startswith("error: ")), lines[0] if lines else "")
    if said in NOTHING:
        return "nothing obeys it"
    return re.sub(r"^(at \d+\(\d+\): |error: |failed to compile JSON schema: )+", "", said)[:300]
