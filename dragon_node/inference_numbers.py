"""The models in numbers for Prometheus; the same ones that `postdevai models` and Stats show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import get_args

from common.daemon.metrics import Measured
from common.model.llm import InferenceStats, Model, ModelState

TOTALS = {
    "finished": "Requests that were answered",
    "refused": "Requests that were not admitted",
    "cancelled": "Requests whose caller left",
    "failed": "Requests that a fault ended",
    "instead": "Requests that an alternative answered",
}
TOKENS = {
    "prompt": "Tokens of prompts",
    "cached": "Tokens of prompts that were in the cache",
    "completion": "Tokens that were made",
}


def inference_numbers(stats: InferenceStats, models: Sequence[Model]) -> Iterator[Measured]:
    """Totals are since the Dragon started. What the platform does not tell is left out: -1 would
    be drawn as a number."""
    yield from _memory(stats)
    yield from _device(stats)
    yield from _work(stats)
    yield from _totals(stats)
    yield from _models(models)


def _memory(stats: InferenceStats) -> Iterator[Measured]:
    yield Measured("inference_memory_bytes", "May be planned with", stats.memory_bytes)
    for share in stats.shares:
        yield Measured(
            "inference_share_bytes", "Spoken for, by whom", share.bytes, {"share": share.name}
        )
    yield Measured("inference_active_bytes", "Held by MLX in arrays", stats.active_bytes)
    yield Measured("inference_pool_bytes", "Kept by MLX for reuse", stats.pool_bytes)
    yield Measured("inference_peak_bytes", "Most that MLX held in arrays", stats.peak_bytes)


def _device(stats: InferenceStats) -> Iterator[Measured]:
    device = {"device": stats.device}
    for name, what, value, labels in (
        ("inference_wired_bytes", "Cannot be paged out", stats.wired_bytes, {}),
        ("inference_device_bytes", "Memory of the GPU's own", stats.device_bytes, device),
        ("inference_device_used_bytes", "Held on the GPU", stats.device_used_bytes, device),
        ("inference_device_busy_ratio", "Time that it computes", stats.device_busy, device),
    ):
        if value >= 0:
            yield Measured(name, what, value, labels)
    if stats.gflops:
        label = {"library": stats.blas}
        yield Measured("inference_blas_gflops", "GFLOP/s of products at start", stats.gflops, label)


def _work(stats: InferenceStats) -> Iterator[Measured]:
    yield Measured("inference_ready", "1 when answers can be generated", float(not stats.fault))
    for state, requests in (("waiting", stats.waiting), ("running", stats.running)):
        yield Measured("inference_requests", "Requests now", requests, {"state": state})
    yield Measured("inference_batch_requests", "Requests in the last step", stats.batch_width)
    for kind, rate in (("completion", stats.tokens_per_s), ("prompt", stats.prompt_tokens_per_s)):
        what = "Tokens a second, over the last ten"
        yield Measured("inference_tokens_per_second", what, rate, {"kind": kind})
    yield Measured("inference_embedding_waiting_texts", "Texts in line", stats.embedding_waiting)


def _totals(stats: InferenceStats) -> Iterator[Measured]:
    for kind, what in TOKENS.items():
        tokens = getattr(stats, f"{kind}_tokens")
        yield Measured(f"inference_{kind}_tokens_total", what, tokens)
    for end, what in TOTALS.items():
        yield Measured(f"inference_{end}_requests_total", what, getattr(stats, end))
    yield Measured("inference_evicted_models_total", "Models that made room", stats.evicted)
    yield Measured("inference_embedded_texts_total", "Texts with vectors", stats.embedded)


def _models(models: Sequence[Model]) -> Iterator[Measured]:
    states = Counter(model.state for model in models)
    for state in get_args(ModelState):
        yield Measured("inference_models", "Models by state", states[state], {"state": state})
    for model in models:
        label = {"model": model.name}
        loaded = float(model.state == "loaded")
        yield Measured("inference_model_loaded", "1 when in memory", loaded, label)
        yield Measured("inference_model_bytes", "Weights in memory", model.bytes, label)
        yield Measured("inference_model_requests", "That it works on", model.requests, label)
