"""Which kinds of model, by `model_type`, keep less than everything; as mlx-lm 0.32 builds them."""

from __future__ import annotations

WINDOWED = frozenset(
    {
        "afmoe",
        "cohere2",
        "exaone4",
        "exaone_moe",
        "gemma3",
        "gemma3_text",
        "gemma3n",
        "gemma4",
        "gemma4_text",
        "gemma4_unified",
        "gpt_oss",
        "laguna",
        "llama",
        "mellum",
        "ministral3",
        "mistral",
        "mistral3",
        "muse_glimmer",
        "olmo3",
        "spark2_5",
    }
)
"""Keep `sliding_window` tokens in the layers that slide."""
HYBRID = frozenset(
    {
        "granitemoehybrid",
        "lfm2",
        "lfm2_moe",
        "nemotron_h",
        "olmo_hybrid",
        "qwen3_5",
        "qwen3_5_moe",
        "qwen3_next",
    }
)
"""Keep a state of one size in the layers that do not attend."""
STATES = frozenset({"mamba", "mamba2", "falcon_mamba", "rwkv7"})
"""Attend nowhere."""
LATENT = frozenset(
    {
        "bailing_hybrid",
        "bailing_moe_v3",
        "deepseek_v3",
        "deepseek_v32",
        "glm4_moe_lite",
        "glm_moe_dsa",
        "joyai_llm_flash",
        "kimi_k2",
        "kimi_k25",
        "kimi_linear",
        "kimi_vl",
        "longcat_flash",
        "longcat_flash_ngram",
        "mistral4",
    }
)
"""Keep the compressed keys and values; others with multi-head latent attention expand them."""
TWICE = frozenset({"iquestloopcoder", "longcat_flash", "longcat_flash_ngram"})
"""Have two caches a layer."""
ENCODERS = frozenset(
    {
        "bert",
        "distilbert",
        "electra",
        "modernbert",
        "mpnet",
        "new",
        "nomic_bert",
        "roberta",
        "xlm-roberta",
    }
)
"""Keep nothing."""
