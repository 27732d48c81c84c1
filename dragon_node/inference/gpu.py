"""Whether MLX computes on a GPU here, asked without loading MLX where there can be none."""

from __future__ import annotations

import sys
from pathlib import Path

from dragon_node.inference import mlx_modules
from dragon_node.inference.budget.machine import Gpu, gpu_of

NVIDIA = (Path("/dev/nvidiactl"), Path("/dev/dxg"))
"""The second is what WSL shows of it."""


def present_gpu() -> Gpu | None:
    """The GPU that models will run on; None for the CPU. Imports MLX, a second, when there may be
    one."""
    if sys.platform != "darwin" and not any(device.exists() for device in NVIDIA):
        return None
    return gpu_of(mlx_modules.module("mlx.core"))
