"""Brings a model into memory in slices, so that whoever generates meanwhile goes on."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

from common.errors import Corrupt, Unavailable
from dragon_node.inference.catalog.entries import Entry
from dragon_node.inference.catalog.shape import Shape
from dragon_node.inference.engines.continuous import BatchedEngine
from dragon_node.inference.engines.engine import Engine, Opening
from dragon_node.inference.engines.loaded import Caches, Loaded, same_vocabulary, stop_tokens
from dragon_node.inference.engines.prompts import fresh
from dragon_node.inference.engines.single import Draft, SingleEngine
from dragon_node.inference.mlx_modules import module
from dragon_node.inference.weights import arrays_of, bytes_of, read_in

AGAIN = "unload it, delete its directory and fetch it again with `postdevai models pull {name}`"


def open_engine(
    entry: Entry, directory: Path, shape: Caches, *, draft: Path | None = None
) -> Opening:
    """Weights first, a draft model's last; the engine is what the entry asks for. Unavailable when
    this machine cannot have it, Corrupt when its files are not what they were; nothing stays."""
    # Once for the process: each BatchGenerator puts back what it found, under the others' feet.
    module("mlx_lm.utils").maybe_set_recommended_wired_limit()
    if draft is not None and not same_vocabulary(directory, draft):
        raise _no_draft(entry, "a token means another word to each")
    try:
        share = 1.0 if draft is None else 0.9  # a draft model is about a tenth
        loaded = yield from _load(entry.name, directory, 0.0, share)
        guessing: Draft | None = None
        if draft is not None:
            beside = yield from _load(entry.draft, draft, share, 1.0)
            sizes = Shape.read(draft, kv_bits=entry.kv_bits)
            guessing = Draft(beside, sizes, entry.draft_tokens)
        return _engine(entry, loaded, guessing, shape)
    except GeneratorExit:
        module("mlx.core").clear_cache()
        raise


def _engine(entry: Entry, loaded: Loaded, draft: Draft | None, shape: Caches) -> Engine:
    cache = fresh(loaded.model)
    if draft is not None:
        for model in (loaded.model, draft.loaded.model):
            _rewinds(entry, model)
    if entry.kv_bits:
        _quantises(entry, loaded.model)
    batches = all(hasattr(layer, "merge") for layer in cache)
    if batches and draft is None and not entry.kv_bits:
        return BatchedEngine(loaded, shape, slots=entry.slots)
    return SingleEngine(loaded, shape, kv_bits=entry.kv_bits, draft=draft)


def _rewinds(entry: Entry, model: Any) -> None:
    """What was drafted and not taken is taken back, which not every cache can."""
    cache = fresh(model)
    can = module("mlx_lm.models.cache").can_trim_prompt_cache(cache)
    if not can or len(cache) != len(model.layers):
        raise _no_draft(entry, "their caches do not go back")


def _no_draft(entry: Entry, why: str) -> Unavailable:
    return Unavailable(
        f"{entry.draft} cannot draft for {entry.name}: {why}",
        hint=f"take draft out of the entry {entry.name} in models.toml",
    )


def _quantises(entry: Entry, model: Any) -> None:
    """Tries it with a token: mlx_lm says only then that it cannot."""
    mx = module("mlx.core")
    try:
        mx.eval(model(mx.array([[0]]), cache=fresh(model, entry.kv_bits)))
    except (ValueError, RuntimeError, NotImplementedError, AttributeError, TypeError) as why:
        raise Unavailable(
            f"the caches of {entry.name} cannot be kept in {entry.kv_bits} bits: {why}",
            hint=f"take kv_bits out of the entry {entry.name} in models.toml",
        ) from why


def _load(name: str, directory: Path, begins: float, ends: float) -> Generator[float, None, Loaded]:
    yield begins
    model = _described(name, directory)
    arrays = arrays_of(model.parameters())
    try:
        for share in read_in(arrays):
            yield begins + (ends - begins) * share
    except RuntimeError as why:
        raise _corrupt(name, directory, why) from why
    return Loaded(model, bytes_of(arrays), stop_tokens(directory))


def _described(name: str, directory: Path) -> Any:
    """The model with weights that are yet to be read."""
    try:
        model, _ = module("mlx_lm.utils").load_model(directory, lazy=True)
    except FileNotFoundError as why:
        raise Unavailable(f"{name} is not whole: {why}", hint=AGAIN.format(name=name)) from why
    except (RuntimeError, json.JSONDecodeError) as why:
        raise _corrupt(name, directory, why) from why
    except (ValueError, KeyError, TypeError) as why:  # mlx_lm: no such model, or not its weights
        raise Unavailable(
            f"{name} in {directory} cannot be used by this version of mlx-lm: {why}",
            hint="name another model, or fetch this one again",
        ) from why
    return model


def _corrupt(name: str, directory: Path, why: Exception) -> Corrupt:
    return Corrupt(
        f"the files of {name} in {directory} are broken: {why}", hint=AGAIN.format(name=name)
    )
