"""Loads an embedder in slices, so that nothing else on the owner thread stands still for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.errors import Corrupt, PostDevAIError, Unavailable
from dragon_node.inference.catalog.entries import Entry
from dragon_node.inference.embedding.bert import Bert
from dragon_node.inference.embedding.decoder import Decoder
from dragon_node.inference.embedding.tokens import TextTokens
from dragon_node.inference.embedding.vectors import Body, MlxVectors
from dragon_node.inference.engines.engine import VectorEngine, VectorOpening
from dragon_node.inference.mlx_modules import module
from dragon_node.inference.weights import arrays_of, read_in


def open_vectors(entry: Entry, directory: Path) -> VectorOpening:
    """See VectorOpening: BERT by its own code, anything else as a decoder of mlx-lm's. Unavailable
    when this machine cannot have it, Corrupt when its files are not what they were."""
    try:
        return (yield from _open(entry, directory))
    except GeneratorExit:
        module("mlx.core").clear_cache()
        raise
    except PostDevAIError:
        raise
    except RuntimeError as why:  # what mlx raises for bytes that it cannot read
        raise Corrupt(
            f"the files of {entry.name} in {directory} are broken: {why}",
            hint=f"delete {directory} and postdevai models pull {entry.name}",
        ) from why
    except Exception as why:  # mlx_lm and json raise many types for what they do not know
        raise Unavailable(
            f"{entry.name} cannot be loaded from {directory}: {_said(why)}",
            hint=f"postdevai models pull {entry.name}",
        ) from why


def tokens_of(entry: Entry, config: Mapping[str, Any]) -> int:
    """What of a text is read: what the entry says, or less when the model takes less."""
    return min(entry.embed_tokens, int(config.get("max_position_embeddings", entry.embed_tokens)))


def config_of(directory: Path) -> dict[str, Any]:
    """config.json. OSError or ValueError when there is none."""
    return dict(json.loads((directory / "config.json").read_text("utf-8")))


def _open(entry: Entry, directory: Path) -> VectorOpening:
    yield 0.0
    config = config_of(directory)
    tokens = TextTokens(directory, tokens_of(entry, config))
    body: Body = (
        Bert(directory, config) if config.get("model_type") == "bert" else Decoder(directory)
    )
    yield from read_in(arrays_of(body.parameters))
    engine: VectorEngine = MlxVectors(
        body, tokens, pooling=entry.pooling, query_prefix=entry.query_prefix
    )
    return engine


def _said(why: Exception) -> str:
    return f"it has no {why}" if isinstance(why, KeyError) else str(why) or type(why).__name__
