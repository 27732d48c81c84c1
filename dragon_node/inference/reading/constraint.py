"""A grammar at work on one request: which tokens may come next."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dragon_node.inference import mlx_modules
from dragon_node.inference.reading.prompted import Processor

WORD_BITS = 32


def allowed(matcher: Any, vocabulary: int) -> NDArray[np.bool_]:
    """(vocabulary,) of an llguidance.LLMatcher: True for what may come next, an end only where the
    answer is complete. All False but the ends once the matcher has given up."""
    fill: Any = importlib.import_module("llguidance.numpy").fill_next_token_bitmask
    bits = np.zeros((1, (vocabulary + WORD_BITS - 1) // WORD_BITS), np.int32)
    fill(matcher, bits, 0)
    each = np.unpackbits(bits.view(np.uint8), bitorder="little", count=vocabulary)
    return each.astype(np.bool_)


class GrammarConstraint:
    """What one answer has to obey. The compiled grammar is shared and never moves; each processor
    works on a copy."""

    def __init__(self, compiled: Any, vocabulary: int) -> None:
        """`compiled` is an LLMatcher at its beginning; `vocabulary` is its tokenizer's."""
        self._compiled = compiled
        self._vocabulary = vocabulary
        self.fault = ""
        """Why the grammar was given up in the middle of an answer; the answer is then not whole."""

    def processor(self, prompt_tokens: int) -> Processor:
        """A fresh one for one request, whose first `prompt_tokens` tokens are not its own."""
        return _Guide(self, self._compiled.deep_copy(), self._vocabulary, prompt_tokens)


class _Guide:
    """Follows one request's tokens as they come."""

    def __init__(
        self, constraint: GrammarConstraint, matcher: Any, vocabulary: int, prompt_tokens: int
    ) -> None:
        self._constraint = constraint
        self._matcher = matcher
        self._vocabulary = vocabulary
        self._mx: Any = mlx_modules.module("mlx.core")
        self._read = prompt_tokens

    def __call__(self, tokens: Any, logits: Any) -> Any:
        for token in tokens[self._read :].tolist():
            if not self._matcher.consume_token(token):
                self._give_up()
        self._read = int(tokens.size)
        mask = self._mx.array(self._mask(int(logits.shape[-1])))
        return self._mx.where(mask, logits, self._mx.array(-np.inf, dtype=logits.dtype))

    def _mask(self, width: int) -> NDArray[np.bool_]:
        """(width,): a model may have more rows than its tokenizer has tokens, or fewer."""
        mask = np.zeros(width, np.bool_)
        both = min(width, self._vocabulary)
        mask[:both] = allowed(self._matcher, self._vocabulary)[:both]
        if self._matcher.is_error():
            self._give_up()
        return mask

    def _give_up(self) -> None:
        """Ends this answer, not the batch that it is in: llguidance allows only an end from here,
        and who reads the answer finds the reason."""
        lines = self._matcher.get_error().splitlines()
        self._constraint.fault = self._constraint.fault or (lines or ["it was left"])[0]
