"""Imports MLX's modules, with what has to be in place before the first of them."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from common.daemon import environment
from common.errors import Unavailable
from dragon_node.inference import blas

ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",  # the daemon never asks a hub; who is asked to fetch is another process
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # OpenBLAS's threads that wait for each other sleep early: by default they spin, and beside a
    # busy process a product then takes ten times as long (measured: 160 against 2,300 ms).
    "GOMP_SPINCOUNT": "1000",
}


def prepare_environment() -> None:
    """What libraries read once, when they are loaded. What the person set stays."""
    environment.say(ENVIRONMENT)


def module(name: str) -> Any:
    """`mlx.core`, `mlx_lm.utils` and the like; the first one takes seconds.

    Unavailable when MLX does not load on this machine, or multiplies wrongly.
    """
    prepare_environment()
    blas.preload()  # reads the environment when it is loaded
    try:
        found = importlib.import_module(name)
    except ImportError as why:
        if "mlx.core" in sys.modules:
            raise
        raise Unavailable(  # with CUDA's MLX, where the driver is gone
            f"MLX does not load on this machine: {why}", hint="make setup installs what fits it"
        ) from why
    if "mlx.core" in sys.modules:
        blas.self_test()
    return found
