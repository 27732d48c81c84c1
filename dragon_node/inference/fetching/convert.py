"""Makes an MLX directory of a llama-shaped GGUF file, tokenizer and chat template included.

On a CPU only float32 goes through BLAS, so weights are dequantised there; on a Mac the file's own
blocks are kept bit for bit. Run it in a process of its own or on the MLX thread.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.errors import Corrupt

LAYER_NAMES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}
TOP_NAMES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
BLOCK = 32
"""Weights that share a scale in the GGUF types that MLX reads."""
CONTROL = 3
"""Token type of special tokens."""

Tensors = dict[str, dict[str, Any]]


def convert(gguf: Path, directory: Path, *, keep_quantised: bool) -> None:
    """Writes config.json, model.safetensors, tokenizer.json and tokenizer_config.json."""
    mx: Any = importlib.import_module("mlx.core")
    weights, metadata = mx.load(str(gguf), return_metadata=True)
    about = _Metadata(metadata)
    if about.text("general.architecture") != "llama":
        raise Corrupt(f"{gguf.name} is not a llama model: {about.text('general.architecture')}")
    tensors = _renamed(weights, about)
    arrays, blocks = _kept(tensors, mx) if keep_quantised else (_dequantised(tensors, mx), {})
    mx.eval(arrays)
    mx.save_safetensors(str(directory / "model.safetensors"), arrays, metadata={"format": "mlx"})
    config = _config(about, tied="lm_head" not in tensors, blocks=blocks)
    (directory / "config.json").write_text(json.dumps(config, indent=1))
    _write_tokenizer(about, directory, int(config["max_position_embeddings"]))


class _Metadata:
    """GGUF's key-value pairs, unwrapped from MLX arrays."""

    def __init__(self, pairs: Mapping[str, Any]) -> None:
        self._pairs = pairs

    def number(self, key: str) -> Any:
        value = self._pairs[key]
        return value.item() if hasattr(value, "item") else value

    def text(self, key: str) -> str:
        return str(self._pairs[key])

    def texts(self, key: str) -> list[str]:
        return list(self._pairs[key])

    def numbers(self, key: str) -> list[int]:
        return list(self._pairs[key].tolist())


def _renamed(weights: Mapping[str, Any], about: _Metadata) -> Tensors:
    heads = {
        "attn_q": int(about.number("llama.attention.head_count")),
        "attn_k": int(about.number("llama.attention.head_count_kv")),
    }
    tensors: Tensors = {}
    for key, value in weights.items():
        stem, leaf = key.rsplit(".", 1)
        if stem.startswith("blk."):
            _, layer, part = stem.split(".", 2)
            name = f"model.layers.{layer}.{LAYER_NAMES[part]}"
            placed = _unpermuted(value, heads[part]) if part in heads else value
        else:
            name, placed = TOP_NAMES[stem], value
        tensors.setdefault(name, {})[leaf] = placed
    return tensors


def _unpermuted(rows: Any, heads: int) -> Any:
    """Undoes llama.cpp's order of q and k rows; it moves whole rows, so packed blocks too."""
    shape = rows.shape
    return rows.reshape(heads, shape[0] // heads // 2, 2, *shape[1:]).swapaxes(1, 2).reshape(shape)


def _bits(tensor: Mapping[str, Any]) -> int:
    return int(tensor["weight"].shape[-1] * 32 // (tensor["scales"].shape[-1] * BLOCK))


def _dequantised(tensors: Tensors, mx: Any) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for name, tensor in tensors.items():
        weight = tensor["weight"]
        if "scales" in tensor:
            weight = mx.dequantize(
                weight, tensor["scales"], tensor["biases"], group_size=BLOCK, bits=_bits(tensor)
            )
        arrays[f"{name}.weight"] = weight.astype(mx.float32)
    return arrays


def _kept(tensors: Tensors, mx: Any) -> tuple[dict[str, Any], dict[str, dict[str, int]]]:
    arrays: dict[str, Any] = {}
    blocks: dict[str, dict[str, int]] = {}
    for name, tensor in tensors.items():
        if "scales" in tensor:
            blocks[name] = {"group_size": BLOCK, "bits": _bits(tensor)}
            arrays |= {f"{name}.{leaf}": value for leaf, value in tensor.items()}
        else:
            arrays[f"{name}.weight"] = tensor["weight"].astype(mx.float16)
    return arrays, blocks


def _config(about: _Metadata, *, tied: bool, blocks: dict[str, dict[str, int]]) -> dict[str, Any]:
    config: dict[str, Any] = {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": about.number("llama.embedding_length"),
        "num_hidden_layers": about.number("llama.block_count"),
        "intermediate_size": about.number("llama.feed_forward_length"),
        "num_attention_heads": about.number("llama.attention.head_count"),
        "num_key_value_heads": about.number("llama.attention.head_count_kv"),
        "rms_norm_eps": about.number("llama.attention.layer_norm_rms_epsilon"),
        "vocab_size": len(about.texts("tokenizer.ggml.tokens")),
        "rope_theta": about.number("llama.rope.freq_base"),
        "max_position_embeddings": about.number("llama.context_length"),
        "tie_word_embeddings": tied,
        "bos_token_id": about.number("tokenizer.ggml.bos_token_id"),
        "eos_token_id": about.number("tokenizer.ggml.eos_token_id"),
        "torch_dtype": "float16" if blocks else "float32",
    }
    if blocks:
        usual = {"group_size": BLOCK, "bits": 4}
        config["quantization"] = usual | {n: b for n, b in blocks.items() if b != usual}
    return config


def _write_tokenizer(about: _Metadata, directory: Path, context: int) -> None:
    if (about.text("tokenizer.ggml.model"), about.text("tokenizer.ggml.pre")) != ("gpt2", "smollm"):
        raise Corrupt("the tokenizer is not the byte-level one that SmolLM2 has")
    tokens = about.texts("tokenizer.ggml.tokens")
    _write_byte_level(about, tokens, directory / "tokenizer.json")

    def token(key: str) -> str:
        return tokens[int(about.number(f"tokenizer.ggml.{key}_token_id"))]

    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": token("bos"),
        "eos_token": token("eos"),
        "unk_token": tokens[0],
        "pad_token": token("padding"),
        "add_bos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": context,
        "chat_template": about.text("tokenizer.chat_template"),
    }
    (directory / "tokenizer_config.json").write_text(json.dumps(settings, indent=1))


def _write_byte_level(about: _Metadata, tokens: list[str], target: Path) -> None:
    """Byte-level BPE; the `smollm` split is single digits, then GPT-2's."""
    tk: Any = importlib.import_module("tokenizers")
    merges = [tuple(m.split(" ", 1)) for m in about.texts("tokenizer.ggml.merges")]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer: Any = tk.Tokenizer(tk.models.BPE(vocab=vocabulary, merges=merges))
    split = tk.pre_tokenizers
    tokenizer.pre_tokenizer = split.Sequence(
        [
            split.Digits(individual_digits=True),
            split.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = tk.decoders.ByteLevel()
    kinds = about.numbers("tokenizer.ggml.token_type")
    special = [t for t, kind in zip(tokens, kinds, strict=True) if kind == CONTROL]
    tokenizer.add_special_tokens(
        [tk.AddedToken(t, special=True, normalized=False) for t in special]
    )
    tokenizer.save(str(target))
