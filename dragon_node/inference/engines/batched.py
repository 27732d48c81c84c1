"""One model on MLX with continuous batching. Everything here runs on the scheduler's thread."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from common.errors import Invalid
from common.model.llm import ChatMessage
from dragon_node.inference import blas

SLOTS = 8
"""Requests that are generated together; measured to give 3.8 times the tokens of one after one."""
PREFILL_STEP = 128
"""Prompt tokens a step: a cancel and the other requests wait for one step at most."""
POOL_BYTES_MAX = 256 << 20
"""Freed buffers that MLX may keep for reuse."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step made for one request."""

    slot: int
    text: str
    finish: Literal["", "stop", "length"] = ""
    completion_tokens: int = 0


@dataclass(slots=True)
class _Slot:
    detokenizer: Any
    tokens: int = 0


class MlxEngine:
    """A loaded model, its tokenizer and the batch that it works on."""

    def __init__(self, directory: Path) -> None:
        """Loads the weights: seconds. The first one in a process imports mlx_lm as well."""
        library = blas.preload()
        self._mx: Any = importlib.import_module("mlx.core")
        _measure_once(library)
        utils: Any = importlib.import_module("mlx_lm.utils")
        self._generate: Any = importlib.import_module("mlx_lm.generate")
        self._samplers: Any = importlib.import_module("mlx_lm.sample_utils")
        self._mx.set_cache_limit(POOL_BYTES_MAX)
        self._model, config = utils.load_model(directory)
        self._tokenizer: Any = utils.load_tokenizer(
            directory, eos_token_ids=config.get("eos_token_id")
        )
        self.context: int = int(config["max_position_embeddings"])
        self.bytes: int = sum(int(w.nbytes) for _, w in _leaves(self._model.parameters()))
        self._batch: Any = self._generate.BatchGenerator(
            self._model,
            stop_tokens=[[t] for t in self._tokenizer.eos_token_ids],
            completion_batch_size=SLOTS,
            prefill_batch_size=SLOTS,
            prefill_step_size=PREFILL_STEP,
        )
        self._slots: dict[int, _Slot] = {}

    def insert(
        self, messages: Sequence[ChatMessage], max_tokens: int, temperature: float
    ) -> tuple[int, int]:
        """(slot, prompt tokens). Invalid when prompt and answer exceed the model's context."""
        prompt = self._tokens(messages)
        if len(prompt) + max_tokens > self.context:
            raise Invalid(
                f"{len(prompt)} tokens of prompt and {max_tokens} of answer are more than the "
                f"{self.context} that this model takes",
                field="messages",
            )
        sampler = self._samplers.make_sampler(temp=temperature) if temperature > 0 else None
        samplers = None if sampler is None else [sampler]
        (slot,) = self._batch.insert([prompt], max_tokens=[max_tokens], samplers=samplers)
        self._slots[slot] = _Slot(self._tokenizer.detokenizer)
        return slot, len(prompt)

    def step(self) -> list[Step]:
        """One token for each request that generates, or a piece of prompt for those that begin."""
        _, responses = self._batch.next()
        return [self._read(r) for r in responses]

    def remove(self, slot: int) -> None:
        """Ends a request before its time; its slot is free at once."""
        if self._slots.pop(slot, None) is not None:
            self._batch.remove([slot])

    def rest(self) -> None:
        """Nothing to do for now: gives freed buffers back."""
        self._mx.clear_cache()

    def close(self) -> None:
        """Ends the batch and frees what MLX holds."""
        self._slots.clear()
        self._batch.close()
        self._mx.clear_cache()

    def _tokens(self, messages: Sequence[ChatMessage]) -> list[int]:
        refusal: type[Exception] = importlib.import_module("jinja2").TemplateError
        conversation = [{"role": m.role, "content": m.content} for m in messages]
        try:
            template: Any = self._tokenizer.apply_chat_template
            return list(template(conversation, add_generation_prompt=True))
        except refusal as why:
            raise Invalid(
                f"this model does not take these messages: {why}", field="messages"
            ) from why

    def _read(self, response: Any) -> Step:
        slot = self._slots[response.uid]
        slot.tokens += 1
        if response.finish_reason != "stop":
            slot.detokenizer.add_token(response.token)
        if response.finish_reason is None:
            return Step(response.uid, slot.detokenizer.last_segment, "", slot.tokens)
        slot.detokenizer.finalize()
        del self._slots[response.uid]
        return Step(
            response.uid, slot.detokenizer.last_segment, response.finish_reason, slot.tokens
        )


_measured: list[float] = []


def _measure_once(library: str) -> None:
    if not _measured:
        _measured.append(blas.measure(library))


def _leaves(tree: Any) -> list[tuple[str, Any]]:
    flatten: Any = importlib.import_module("mlx.utils").tree_flatten
    return list(flatten(tree))
