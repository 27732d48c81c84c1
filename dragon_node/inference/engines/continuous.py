"""One model and a batch that requests join and leave between two steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from common.model.llm import GenerationRequest
from dragon_node.inference.engines.engine import Inserted, Made, Stepped
from dragon_node.inference.engines.loaded import Caches, Loaded
from dragon_node.inference.engines.prompts import Kept, Prefill
from dragon_node.inference.engines.sampling import Own, likelihood, own, processors, sampler
from dragon_node.inference.mlx_modules import module
from dragon_node.inference.reading.prompted import Prompted

KEPT_BYTES_MIN = 256 << 20
"""For prompts that come again, however small the model is; otherwise half of its weights."""

Finish = Literal["", "stop", "length"]


@dataclass(frozen=True, slots=True)
class _Reading:
    slot: int
    prompted: Prompted
    prefill: Prefill


@dataclass(frozen=True, slots=True)
class _Speaking:
    slot: int
    request: GenerationRequest
    own: Own | None


class BatchedEngine:
    """mlx_lm's BatchGenerator makes the tokens of all at once. Prompts are read here, one after
    the other and in pieces: it would read them together, padded, and as much as it likes."""

    def __init__(
        self, loaded: Loaded, caches: Caches, *, slots: int, kept_bytes_max: int = 0
    ) -> None:
        self._loaded = loaded
        self._caches = caches
        self._slots = slots
        self._kept = Kept(kept_bytes_max or max(KEPT_BYTES_MIN, loaded.weight_bytes // 2))
        self._batch: Any = module("mlx_lm.generate").BatchGenerator(
            loaded.model,
            stop_tokens=[[t] for t in sorted(loaded.stop_tokens)],
            completion_batch_size=slots,
            prefill_batch_size=slots,
        )
        self._reading: deque[_Reading] = deque()
        self._speaking: dict[int, _Speaking] = {}
        """By the batch's own number."""
        self._inserted = 0

    @property
    def weight_bytes(self) -> int:
        """In memory."""
        return self._loaded.weight_bytes

    @property
    def cache_bytes(self) -> int:
        """Held for prompts that come again."""
        return self._kept.bytes

    @property
    def slots(self) -> int:
        """Requests at a time, at most."""
        return self._slots

    def kv_bytes(self, tokens: Sequence[int]) -> int:
        """The most that the caches take while these requests run together."""
        return self._caches.kv_bytes(tokens)

    def insert(self, prompted: Prompted) -> Inserted:
        """Finds the nearest cache; reads nothing yet."""
        assert len(self._reading) + len(self._speaking) < self._slots, "no slot is free"
        self._inserted += 1
        cache, read = self._kept.nearest(prompted.tokens)
        prefill = Prefill(self._loaded.model, prompted.tokens, cache, read)
        self._reading.append(_Reading(self._inserted, prompted, prefill))
        return Inserted(self._inserted, read)

    def step(self, prompt_tokens: int) -> Stepped:
        """Reads of prompts in order of arrival, then a token for each that has read its own."""
        with module("mlx.core").stream(self._batch.stream):
            read = self._read(max(1, prompt_tokens))
            _, responses = self._batch.next()
            if not responses and self._speaking:
                _, responses = self._batch.next()  # they had only joined
            made = tuple(self._made(r) for r in responses)
            if any(m.finish for m in made):
                self._settle()
        return Stepped(made, read, len(made))

    def remove(self, slot: int) -> None:
        """Its cache is kept as far as it was read: a question asked again begins the same way."""
        for reading in self._reading:
            if reading.slot == slot:
                self._reading.remove(reading)
                prefill = reading.prefill
                self._kept.keep(prefill.tokens[: prefill.read], prefill.cache)
                return
        for uid, speaking in self._speaking.items():
            if speaking.slot == slot:
                del self._speaking[uid]
                with module("mlx.core").stream(self._batch.stream):
                    cache, tokens = self._batch.remove([uid], return_prompt_caches=True)[uid]
                    self._kept.keep(tokens, cache)
                    self._settle()
                return

    def trim(self, cache_bytes: int) -> None:
        """Forgets what was kept, the oldest first."""
        self._kept.trim(cache_bytes)
        module("mlx.core").clear_cache()

    def rest(self) -> None:
        """Gives freed buffers back."""
        module("mlx.core").clear_cache()

    def close(self) -> None:
        """Frees the model and every cache."""
        self._batch.close()
        self._reading.clear()
        self._speaking.clear()
        del self._batch, self._loaded, self._kept
        module("mlx.core").clear_cache()

    def _read(self, tokens_max: int) -> int:
        read = 0
        while self._reading and read < tokens_max:
            reading = self._reading[0]
            read += reading.prefill.go_on(tokens_max - read)
            if reading.prefill.left > 0:
                break
            self._reading.popleft()
            self._join(reading)
        return read

    def _join(self, reading: _Reading) -> None:
        prompted, prefill = reading.prompted, reading.prefill
        self._kept.keep_prompt(prefill.tokens[:-1], prefill.cache)
        seen = own(prompted)
        (uid,) = self._batch.insert(
            [prefill.tokens[-1:]],
            max_tokens=[prompted.request.max_tokens],
            caches=[prefill.cache],
            all_tokens=[prefill.tokens[:-1]],
            samplers=[sampler(prompted.request)],
            logits_processors=[[*([seen] if seen else []), *processors(prompted)]],
        )
        self._speaking[uid] = _Speaking(reading.slot, prompted.request, seen)

    def _settle(self) -> None:
        """Whoever left is gone from the caches now, not with the next step: until then the whole
        batch of before would stay in memory beside what is read meanwhile."""
        mx = module("mlx.core")
        caches: list[Any] = self._batch._generation_batch.prompt_cache
        for layer in caches:
            if getattr(layer, "keys", None) is not None:
                layer.keys, layer.values = mx.contiguous(layer.keys), mx.contiguous(layer.values)
            mx.eval(layer.state)

    def _made(self, response: Any) -> Made:
        speaking = self._speaking[response.uid]
        finish: Finish = response.finish_reason or ""
        if finish:
            del self._speaking[response.uid]
            self._kept.keep(response.all_tokens, response.prompt_cache)
        if finish == "stop":
            return Made(speaking.slot, None, finish)
        token = int(response.token)
        chosen, top = likelihood(speaking.request, response.logprobs, token, speaking.own)
        return Made(speaking.slot, token, finish, chosen, top)
