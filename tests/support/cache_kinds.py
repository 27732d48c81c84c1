"""Tiny models of kinds whose caches are not plain: windows, states and mixtures of them."""

from __future__ import annotations

from typing import Any

from dragon_node.inference.engines.loaded import Loaded
from dragon_node.inference.mlx_modules import module

WINDOW = 32
"""Tokens that a layer with a window attends to."""
_BASE: dict[str, Any] = {
    "vocab_size": 259,
    "hidden_size": 32,
    "num_hidden_layers": 4,
    "intermediate_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "rms_norm_eps": 1e-5,
    "max_position_embeddings": 2_048,
    "rope_theta": 1e4,
}
FAMILIES: dict[str, dict[str, Any]] = {
    "gemma3_text": {
        "sliding_window": WINDOW,
        "sliding_window_pattern": 2,
        "query_pre_attn_scalar": 8,
    },
    "gpt_oss": {
        "num_local_experts": 4,
        "num_experts_per_tok": 2,
        "sliding_window": WINDOW,
        "layer_types": ["sliding_attention", "full_attention"] * 2,
    },
    "lfm2": {
        "norm_eps": 1e-5,
        "conv_bias": False,
        "conv_L_cache": 3,
        "block_dim": 32,
        "block_multiple_of": 8,
        "block_ffn_dim_multiplier": 1.0,
        "block_auto_adjust_ff_dim": False,
        "layer_types": ["conv", "full_attention"] * 2,
    },
    "mamba2": {
        "num_heads": 8,
        "state_size": 16,
        "conv_kernel": 4,
        "n_groups": 1,
        "time_step_limit": [0.0, 1e9],
        "time_step_rank": 2,
        "use_conv_bias": True,
        "use_bias": False,
        "tie_word_embeddings": True,
        "layer_norm_epsilon": 1e-5,
        "chunk_size": 64,
        "expand": 2,
    },
}


def loaded_family(name: str) -> Loaded:
    """Random weights in memory; no token ends an answer."""
    mx, kind = module("mlx.core"), module(f"mlx_lm.models.{name}")
    described = _BASE | FAMILIES[name] | {"model_type": name}
    model = kind.Model(kind.ModelArgs.from_dict(described))
    key = mx.random.key(1)
    weights: list[tuple[str, Any]] = []
    for path, weight in module("mlx.utils").tree_flatten(model.parameters()):
        key, once = mx.random.split(key)
        matrix = weight.ndim > 1 and "conv" not in path
        weights.append((path, mx.random.normal(weight.shape, key=once) * 0.3 if matrix else weight))
    model.load_weights(weights)
    mx.eval(model.parameters())
    return Loaded(model, sum(int(w.nbytes) for _, w in weights), frozenset())
