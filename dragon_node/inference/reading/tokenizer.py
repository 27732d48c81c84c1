"""A model's tokenizer as its directory describes it, and how many tokens the model takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from common.errors import Corrupt, Unavailable
from dragon_node.inference import mlx_modules

CONTEXT_KEYS = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx")
"""Under which config.json says it, by family."""


def open_tokenizer(directory: Path, config: Mapping[str, Any]) -> Any:
    """An `mlx_lm.tokenizer_utils.TokenizerWrapper`. Seconds for the first in a process. Unavailable
    when it is not there or needs code of its own, Corrupt when it cannot be read."""
    utils = mlx_modules.module("mlx_lm.utils")
    try:
        tokenizer = utils.load_tokenizer(
            directory,
            # asks nobody at the terminal whether a program of the model's may run: it may not
            tokenizer_config_extra={"trust_remote_code": False},
            eos_token_ids=config.get("eos_token_id"),
        )
    except json.JSONDecodeError as why:
        raise Corrupt(f"a tokenizer file in {directory} is not JSON: {why}") from why
    except Exception as why:  # transformers raises whatever its many tokenizers raise
        raise Unavailable(
            f"the tokenizer in {directory} cannot be opened: {first_line(why)}",
            hint="fetch the model anew: postdevai models pull NAME",
        ) from why
    return tokenizer


def read_config(directory: Path) -> Mapping[str, Any]:
    """config.json with generation_config.json's stop tokens; Unavailable or Corrupt."""
    try:
        config = mlx_modules.module("mlx_lm.utils").load_config(directory)
    except OSError as why:
        raise Unavailable(f"{directory / 'config.json'} cannot be read: {why.strerror}") from why
    except ValueError as why:
        raise Corrupt(f"{directory / 'config.json'} is not JSON: {why}") from why
    if not isinstance(config, dict):
        raise Corrupt(f"{directory / 'config.json'} is not a JSON object")
    return cast(Mapping[str, Any], config)


def context_of(config: Mapping[str, Any]) -> int:
    """Tokens of prompt and answer together; 0 when the configuration does not say."""
    inner = config.get("text_config")
    places = [config, cast(Mapping[str, Any], inner)] if isinstance(inner, dict) else [config]
    for place in places:
        for key in CONTEXT_KEYS:
            if isinstance(value := place.get(key), int) and value > 0:
                return value
    return 0


def first_line(why: BaseException) -> str:
    """What an error of a library says, short enough for a sentence."""
    return (str(why).strip().splitlines() or [type(why).__name__])[0][:300]
