"""A BERT of random weights, and BERT once more in numpy: what the one on MLX is held against."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

Array = NDArray[np.float64]
Weight = NDArray[np.float32]
WORDS = ("the", "journal", "is", "synced", "before", "an", "answer", "##s", "cat", "runs")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


def tiny_bert(
    directory: Path, *, seed: int = 0, hidden: int = 64, layers: int = 2, positions: int = 32
) -> Path:
    """config.json, model.safetensors, tokenizer.json and tokenizer_config.json. Four heads."""
    directory.mkdir(parents=True, exist_ok=True)
    config = {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "intermediate_size": hidden * 2,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": positions,
        "position_embedding_type": "absolute",
        "type_vocab_size": 2,
        "vocab_size": len(SPECIAL) + len(WORDS),
    }
    (directory / "config.json").write_text(json.dumps(config))
    save_file(_weights(hidden, layers, positions, seed), directory / "model.safetensors")
    tokenizer = Tokenizer(
        models.WordPiece({w: n for n, w in enumerate(SPECIAL + WORDS)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(directory / "tokenizer.json"))
    (directory / "tokenizer_config.json").write_text("{}")
    return directory


def reference_weights(directory: Path) -> dict[str, Array]:
    """By name."""
    found = load_file(directory / "model.safetensors")
    return {name: tensor.astype(np.float64) for name, tensor in found.items()}


def reference_states(directory: Path, w: Mapping[str, Array], ids: Sequence[int]) -> Array:
    """(L, H) of one text, unpadded, by the paper."""
    config = json.loads((directory / "config.json").read_text())
    heads = int(config["num_attention_heads"])
    x = w["embeddings.word_embeddings.weight"][list(ids)]
    x = x + w["embeddings.position_embeddings.weight"][: len(ids)]
    x = _norm(w, "embeddings.LayerNorm", x + w["embeddings.token_type_embeddings.weight"][0])
    for layer in range(int(config["num_hidden_layers"])):
        name = f"encoder.layer.{layer}"
        attended = _linear(w, f"{name}.attention.output.dense", _attention(w, name, x, heads))
        x = _norm(w, f"{name}.attention.output.LayerNorm", x + attended)
        inner = _linear(w, f"{name}.intermediate.dense", x)
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        x = _norm(w, f"{name}.output.LayerNorm", x + _linear(w, f"{name}.output.dense", inner))
    return x


def _attention(w: Mapping[str, Array], name: str, x: Array, heads: int) -> Array:
    def by_head(part: str) -> Array:
        states = _linear(w, f"{name}.attention.self.{part}", x)
        return states.reshape(len(x), heads, -1).transpose(1, 0, 2)

    q, k, v = by_head("query"), by_head("key"), by_head("value")
    scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    shares = shares / shares.sum(-1, keepdims=True)
    return (shares @ v).transpose(1, 0, 2).reshape(x.shape)


def _linear(w: Mapping[str, Array], name: str, x: Array) -> Array:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def _norm(w: Mapping[str, Array], name: str, x: Array) -> Array:
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
    return scaled * w[f"{name}.weight"] + w[f"{name}.bias"]


def _weights(hidden: int, layers: int, positions: int, seed: int) -> dict[str, Weight]:
    rng = np.random.default_rng(seed)
    weights: dict[str, Weight] = {}

    def put(name: str, *shape: int, scale: float = 0.2, around: float = 0.0) -> None:
        weights[name] = (around + scale * rng.standard_normal(shape)).astype(np.float32)

    def linear(name: str, rows: int, columns: int) -> None:
        put(f"{name}.weight", rows, columns)
        put(f"{name}.bias", rows)

    def norm(name: str) -> None:
        put(f"{name}.weight", hidden, around=1.0)
        put(f"{name}.bias", hidden)

    put("embeddings.word_embeddings.weight", len(SPECIAL) + len(WORDS), hidden, scale=1.0)
    put("embeddings.position_embeddings.weight", positions, hidden)
    put("embeddings.token_type_embeddings.weight", 2, hidden)
    norm("embeddings.LayerNorm")
    for layer in range(layers):
        name = f"encoder.layer.{layer}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            linear(f"{name}.attention.{part}", hidden, hidden)
        norm(f"{name}.attention.output.LayerNorm")
        linear(f"{name}.intermediate.dense", hidden * 2, hidden)
        linear(f"{name}.output.dense", hidden, hidden * 2)
        norm(f"{name}.output.LayerNorm")
    return weights
