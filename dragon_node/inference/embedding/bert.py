"""BERT on MLX: the states of every token of a padded batch of texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dragon_node.inference import mlx_modules
from dragon_node.inference.embedding.gelu import gelu

MASKED = -1e9
"""Added to what attention must not see; small enough for exp to be 0, large enough for float32."""


@dataclass(frozen=True, slots=True)
class _Sizes:
    layers: int
    heads: int
    epsilon: float
    group: int
    bits: int

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> _Sizes:
        for key, known in (("hidden_act", "gelu"), ("position_embedding_type", "absolute")):
            if config.get(key, known) != known:
                raise ValueError(f"a BERT whose {key} is {config[key]!r}, not {known!r}")
        packed: Any = config.get("quantization") or {}
        return cls(
            layers=int(config["num_hidden_layers"]),
            heads=int(config["num_attention_heads"]),
            epsilon=float(config["layer_norm_eps"]),
            group=int(packed.get("group_size", 64)),
            bits=int(packed.get("bits", 4)),
        )


class Bert:
    """The encoder, straight on a file's tensors, by the names that they have there.

    Method: Devlin et al. 2018, as transformers' BertModel without its pooler.
    """

    def __init__(self, directory: Path, config: Mapping[str, Any]) -> None:
        """Reads no weight yet: `parameters` are evaluated by whoever loads it. KeyError names a
        tensor that is not there, ValueError a BERT of another kind."""
        self._mx: Any = mlx_modules.module("mlx.core")
        on_cpu = self._mx.default_device() == self._mx.Device(self._mx.cpu)
        self._gelu: Any = gelu if on_cpu else mlx_modules.module("mlx.nn").gelu
        self._sizes = _Sizes.read(config)
        self.parameters: dict[str, Any] = {}
        for file in sorted(directory.glob("model*.safetensors")):
            for name, tensor in self._mx.load(str(file)).items():
                if not name.startswith(("pooler.", "bert.pooler.", "cls.")):
                    self.parameters[name.removeprefix("bert.")] = tensor
        self.states(self._mx.zeros((1, 1), dtype=self._mx.int32), self._mx.ones((1, 1)))

    def states(self, ids: Any, mask: Any) -> Any:
        """(B, L, H) for ids and mask of (B, L); the mask is 1 where there is a token."""
        positions = self._mx.arange(ids.shape[1])
        x = self._rows("embeddings.word_embeddings", ids)
        x = x + self._rows("embeddings.position_embeddings", positions)[None]
        x = x + self._rows("embeddings.token_type_embeddings", self._mx.array([0]))[None]
        x = self._norm("embeddings.LayerNorm", x)
        unseen = self._mx.where(mask[:, None, None, :] > 0, 0.0, MASKED).astype(x.dtype)
        for layer in range(self._sizes.layers):
            x = self._layer(f"encoder.layer.{layer}", x, unseen)
        return x

    def _layer(self, name: str, x: Any, unseen: Any) -> Any:
        attended = self._attention(f"{name}.attention.self", x, unseen)
        attended = self._linear(f"{name}.attention.output.dense", attended)
        x = self._norm(f"{name}.attention.output.LayerNorm", x + attended)
        inner = self._gelu(self._linear(f"{name}.intermediate.dense", x))
        return self._norm(
            f"{name}.output.LayerNorm", x + self._linear(f"{name}.output.dense", inner)
        )

    def _attention(self, name: str, x: Any, unseen: Any) -> Any:
        texts, length, width = x.shape
        heads = self._sizes.heads

        def by_head(part: str) -> Any:
            states = self._linear(f"{name}.{part}", x)
            return states.reshape(texts, length, heads, -1).transpose(0, 2, 1, 3)

        attended = self._mx.fast.scaled_dot_product_attention(
            by_head("query"),
            by_head("key"),
            by_head("value"),
            scale=(width // heads) ** -0.5,
            mask=unseen,
        )
        return attended.transpose(0, 2, 1, 3).reshape(texts, length, width)

    def _linear(self, name: str, x: Any) -> Any:
        weight, bias = self._tensor(f"{name}.weight"), self._tensor(f"{name}.bias")
        if f"{name}.scales" not in self.parameters:
            return self._mx.addmm(bias, x, weight.T)
        return bias + self._mx.quantized_matmul(
            x,
            weight,
            self._tensor(f"{name}.scales"),
            self._tensor(f"{name}.biases"),
            transpose=True,
            group_size=self._sizes.group,
            bits=self._sizes.bits,
        )

    def _rows(self, name: str, rows: Any) -> Any:
        weight = self._tensor(f"{name}.weight")[rows]
        if f"{name}.scales" not in self.parameters:
            return weight
        return self._mx.dequantize(
            weight,
            self._tensor(f"{name}.scales")[rows],
            self._tensor(f"{name}.biases")[rows],
            group_size=self._sizes.group,
            bits=self._sizes.bits,
        )

    def _norm(self, name: str, x: Any) -> Any:
        weight, bias = self._tensor(f"{name}.weight"), self._tensor(f"{name}.bias")
        return self._mx.fast.layer_norm(x, weight, bias, self._sizes.epsilon)

    def _tensor(self, name: str) -> Any:
        return self.parameters[name]
