"""Small configurations of kinds of model whose caches differ, as their hubs write them."""

from __future__ import annotations

from typing import Any

PLAIN: dict[str, Any] = {
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "intermediate_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "rms_norm_eps": 1e-5,
    "vocab_size": 300,
    "rope_theta": 10_000.0,
    "max_position_embeddings": 4_096,
    "tie_word_embeddings": True,
}
EXPERTS: dict[str, Any] = {
    "num_experts": 2,
    "num_experts_per_tok": 1,
    "decoder_sparse_step": 1,
    "mlp_only_layers": [],
    "moe_intermediate_size": 32,
    "shared_expert_intermediate_size": 32,
    "norm_topk_prob": True,
}
ALTERNATING = ["sliding_attention", "full_attention"] * 2
LATENT: dict[str, Any] = {
    "q_lora_rank": 32,
    "kv_lora_rank": 32,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 16,
    "v_head_dim": 16,
    "num_key_value_heads": 4,
    "n_routed_experts": None,
    "n_shared_experts": None,
    "first_k_dense_replace": 4,
    "moe_intermediate_size": 32,
}
DELTA: dict[str, Any] = {
    "linear_num_value_heads": 4,
    "linear_num_key_heads": 2,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
    "linear_conv_kernel_dim": 4,
    "partial_rotary_factor": 0.25,
}

FAMILIES: dict[str, dict[str, Any]] = {
    "llama": PLAIN,
    "mistral": PLAIN | {"layer_types": ALTERNATING, "sliding_window": 64},
    "qwen2": PLAIN | {"sliding_window": 64, "use_sliding_window": False},
    "qwen3": PLAIN,
    "qwen3_moe": PLAIN | EXPERTS,
    "qwen3_next": PLAIN | EXPERTS | DELTA | {"full_attention_interval": 4},
    "qwen3_5": {"text_config": PLAIN | DELTA | {"full_attention_interval": 4}},
    "gemma3_text": PLAIN
    | {"sliding_window": 64, "sliding_window_pattern": 2, "query_pre_attn_scalar": 16},
    "gemma3": {
        "text_config": PLAIN
        | {
            "model_type": "gemma3_text",
            "sliding_window": 64,
            "sliding_window_pattern": 2,
            "query_pre_attn_scalar": 16,
        },
        "vocab_size": 300,
    },
    "gpt_oss": PLAIN
    | {
        "layer_types": ALTERNATING,
        "sliding_window": 64,
        "num_local_experts": 2,
        "num_experts_per_tok": 1,
        "rope_scaling": {
            "rope_type": "yarn",
            "factor": 32.0,
            "original_max_position_embeddings": 4_096,
            "beta_fast": 32.0,
            "beta_slow": 1.0,
        },
    },
    "deepseek_v3": PLAIN | LATENT,
    "deepseek_v2": PLAIN | LATENT | {"rope_scaling": {"type": "yarn", "factor": 40}},
    "glm4_moe_lite": PLAIN | LATENT | {"attention_bias": False, "partial_rotary_factor": 1.0},
    "lfm2": PLAIN
    | {
        "norm_eps": 1e-5,
        "conv_bias": False,
        "conv_L_cache": 3,
        "block_dim": 64,
        "block_ff_dim": 64,
        "block_multiple_of": 16,
        "block_ffn_dim_multiplier": 1.0,
        "block_auto_adjust_ff_dim": False,
        "full_attn_idxs": [1, 3],
    },
    "mamba2": {
        "num_heads": 8,
        "head_dim": 16,
        "vocab_size": 300,
        "hidden_size": 64,
        "intermediate_size": 128,
        "state_size": 16,
        "num_hidden_layers": 4,
        "layer_norm_epsilon": 1e-5,
        "expand": 2,
        "conv_kernel": 4,
        "n_groups": 1,
        "use_bias": False,
        "use_conv_bias": True,
        "tie_word_embeddings": True,
        "time_step_limit": [0.0, 100.0],
        "time_step_rank": 4,
        "max_position_embeddings": 2_056,
    },
}
