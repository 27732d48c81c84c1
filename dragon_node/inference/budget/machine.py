"""How much memory may be planned with: the machine's, what a container or an owner leaves of it,
and what its GPU may hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from common.errors import Invalid
from dragon_node.inference.budget import cgroups
from dragon_node.inference.budget.sentences import sized

RESERVE_SHARE = 8
"""An eighth of the memory is not planned with,"""
RESERVE_MIN_BYTES = 768_000_000
"""but never less than Python, the libraries and MLX's buffers take: 330 MB for four prompts of 600
tokens on SmolLM2 (m), more with an index and an embedder,"""
RESERVE_MAX_BYTES = 24_000_000_000
"""nor more than the system and the largest models' activations take."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """What MLX computes on, when that is not the CPU."""

    name: str
    bytes: int
    """That it may hold: of the machine's memory on a Mac, of its own on NVIDIA."""
    uuid: str = ""
    """By which NVIDIA's library knows it."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The memory there is."""

    memory_bytes: int
    source: str
    """Who says so, for people."""
    gpu: Gpu | None = None
    limited: bool = False
    """Its owner allows less than there is: he may allow more."""

    def plan_bytes(self, lake_bytes: int) -> int:
        """What may be planned with. The lake is not on the GPU, all else may be: so models and
        their reserve never get more than the GPU may hold."""
        if self.gpu is None:
            return self.memory_bytes
        return min(self.memory_bytes, self.gpu.bytes + lake_bytes)

    def lake_yields(self, lake_bytes: int) -> bool:
        """Whether a smaller lake leaves more to models."""
        return self.plan_bytes(lake_bytes) == self.memory_bytes


def read_machine(memory_bytes: int = 0, gpu: Gpu | None = None, root: Path = Path("/")) -> Machine:
    """This machine's. `memory_bytes` is what an owner allows, 0 for all; Invalid when that is more
    than there is."""
    whole, source = psutil.virtual_memory().total, "this machine's memory"
    limit = cgroups.limit_bytes(root)
    if limit is not None and limit < whole:
        whole, source = limit, "the limit of this container"
    if memory_bytes > whole:
        raise Invalid(
            f"--memory-bytes {sized(memory_bytes)} is more than {source}, {sized(whole)}",
            hint="Leave it out to plan with all of it.",
            field="memory_bytes",
        )
    if memory_bytes:
        return Machine(memory_bytes, "--memory-bytes", gpu, limited=memory_bytes < whole)
    return Machine(whole, source, gpu)


def gpu_of(mx: Any) -> Gpu | None:
    """What `mlx.core` says of its device; None when it computes on the CPU. Metal recommends how
    much to hold, and follows `sysctl iogpu.wired_limit_mb`; CUDA says what the device has."""
    if not (mx.metal.is_available() or mx.cuda.is_available()):
        return None
    info: dict[str, Any] = mx.device_info()
    size = info.get("max_recommended_working_set_size") or info.get("total_memory")
    if not size:  # MLX for CUDA without a device
        return None
    return Gpu(str(info.get("device_name", "")), int(size), str(info.get("uuid", "")))


def reserve_of(memory_bytes: int) -> int:
    """What is left to the system and to all that nobody counts: buffers that MLX keeps for reuse,
    activations, Python."""
    return min(max(memory_bytes // RESERVE_SHARE, RESERVE_MIN_BYTES), RESERVE_MAX_BYTES)
