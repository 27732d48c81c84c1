"""Models of a few thousand random weights, made in milliseconds and without MLX: for everything
that is true of a model whatever it says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CONTEXT = 2_048

Kind = Literal["llama", "qwen3"]


def tiny_model(
    directory: Path,
    *,
    seed: int = 0,
    layers: int = 2,
    hidden: int = 32,
    kind: Kind = "llama",
    template: str = TEMPLATE,
    context: int = CONTEXT,
) -> Path:
    """An MLX directory whose tokens are bytes. The same seed gives the same weights: 4 heads, 2 of
    them for keys and values, of hidden / 4 numbers each."""
    directory.mkdir(parents=True, exist_ok=True)
    vocabulary = _tokenizer(directory, template)
    config = {
        "model_type": kind,
        "architectures": ["LlamaForCausalLM" if kind == "llama" else "Qwen3ForCausalLM"],
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "intermediate_size": hidden * 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": hidden // 4,
        "rms_norm_eps": 1e-5,
        "vocab_size": vocabulary,
        "rope_theta": 10_000.0,
        "max_position_embeddings": context,
        "tie_word_embeddings": True,
        "eos_token_id": 258,
        "torch_dtype": "float32",
    }
    (directory / "config.json").write_text(json.dumps(config))
    save_file(_weights(config, seed), directory / "model.safetensors")
    return directory


def _weights(config: Mapping[str, object], seed: int) -> dict[str, np.ndarray]:
    hidden, inner = int(str(config["hidden_size"])), int(str(config["intermediate_size"]))
    head = int(str(config["head_dim"]))
    rng = np.random.default_rng(seed)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return (rng.standard_normal((rows, columns)) * 0.3).astype(np.float32)

    weights = {
        "model.embed_tokens.weight": matrix(int(str(config["vocab_size"])), hidden),
        "model.norm.weight": np.ones(hidden, np.float32),
    }
    for layer in range(int(str(config["num_hidden_layers"]))):
        prefix = f"model.layers.{layer}"
        weights |= {
            f"{prefix}.self_attn.q_proj.weight": matrix(4 * head, hidden),
            f"{prefix}.self_attn.k_proj.weight": matrix(2 * head, hidden),
            f"{prefix}.self_attn.v_proj.weight": matrix(2 * head, hidden),
            f"{prefix}.self_attn.o_proj.weight": matrix(hidden, 4 * head),
            f"{prefix}.mlp.gate_proj.weight": matrix(inner, hidden),
            f"{prefix}.mlp.up_proj.weight": matrix(inner, hidden),
            f"{prefix}.mlp.down_proj.weight": matrix(hidden, inner),
            f"{prefix}.input_layernorm.weight": np.ones(hidden, np.float32),
            f"{prefix}.post_attention_layernorm.weight": np.ones(hidden, np.float32),
        }
        if config["model_type"] == "qwen3":
            weights |= {
                f"{prefix}.self_attn.q_norm.weight": np.ones(head, np.float32),
                f"{prefix}.self_attn.k_norm.weight": np.ones(head, np.float32),
            }
    return weights


def _tokenizer(directory: Path, template: str) -> int:
    """Bytes and three special tokens; how many there are."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(alphabet)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.save(str(directory / "tokenizer.json"))
    described = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "chat_template": template,
    }
    (directory / "tokenizer_config.json").write_text(json.dumps(described))
    return tokenizer.get_vocab_size()
