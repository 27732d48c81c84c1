"""Imports MLX's modules, with what has to be in place before the first of them."""

from __future__ import annotations

import importlib
import os
from typing import Any

from dragon_node.inference import blas

ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",  # the daemon never asks a hub; who is asked to fetch is another process
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def module(name: str) -> Any:
    """`mlx.core`, `mlx_lm.utils` and the like; the first one takes seconds."""
    blas.preload()
    for variable, value in ENVIRONMENT.items():
        os.environ.setdefault(variable, value)
    return importlib.import_module(name)
