"""A language model's body as an embedder: the states of every token, without a vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dragon_node.inference import mlx_modules


class Decoder:
    """What mlx-lm loads, less its head. It reads from left to right, so what pads a text on the
    right changes nothing before it, and no mask is needed."""

    def __init__(self, directory: Path) -> None:
        """Reads no weight yet: `parameters` are evaluated by whoever loads it. ValueError names a
        model that mlx-lm does not know or that reads in both directions."""
        utils: Any = mlx_modules.module("mlx_lm.utils")

        def classes(config: Mapping[str, Any]) -> tuple[Any, Any]:
            return _embedding_classes(utils, config)

        model, config = utils.load_model(directory, lazy=True, get_model_classes=classes)
        if config.get("use_bidirectional_attention"):
            raise ValueError(f"{config['model_type']} reads in both directions, mlx-lm's does not")
        self._body: Any = model.model
        self.parameters: Any = self._body.parameters()

    def states(self, ids: Any, mask: Any) -> Any:
        """(B, L, H) for ids of (B, L), padded on the right."""
        return self._body(ids)


def _embedding_classes(utils: Any, config: Mapping[str, Any]) -> tuple[Any, Any]:
    """mlx-lm's own, which also take an embedder's weights: those are saved without the "model."
    before their names when there was no head to save."""
    model, arguments = utils._get_classes(config)

    class Body(model):
        def sanitize(self, weights: dict[str, Any]) -> dict[str, Any]:
            known = ("model.", "lm_head.")
            named = {n if n.startswith(known) else f"model.{n}": w for n, w in weights.items()}
            return model.sanitize(self, named) if hasattr(model, "sanitize") else named

    return Body, arguments
