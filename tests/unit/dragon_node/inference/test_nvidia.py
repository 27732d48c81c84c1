"""On a real NVIDIA device: what it tells of its memory and its work while a model generates."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.model.llm import GenerationRequest
from dragon_node.inference.budget.device import Device
from dragon_node.inference.budget.machine import gpu_of
from dragon_node.inference.budget.nvidia import Nvidia
from dragon_node.inference.catalog.entries import Directory, Entry
from dragon_node.inference.catalog.shape import Shape
from dragon_node.inference.engines.engine import Engine
from dragon_node.inference.engines.opening import open_engine
from dragon_node.inference.mlx_modules import module
from dragon_node.inference.reading.prompted import Prompted
from tests.support.tiny_models import tiny_model

REQUESTS = 200
"""At most: NVML counts a device's work in spans of up to a second."""
ASKED = Prompted(
    GenerationRequest(max_tokens=64, top_p=1.0, repetition_penalty=1.0, seed=1),
    tokens=tuple(range(32)),
)


@pytest.fixture
def device() -> Nvidia:
    """The one that MLX computes on; skipped, with the reason, where there is none."""
    nvml: Any = importlib.import_module("pynvml")
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as why:
        pytest.skip(f"no NVIDIA device here: {why}")
    gpu = gpu_of(module("mlx.core"))
    if gpu is None:
        pytest.skip("an NVIDIA device is here, and MLX without CUDA: run scripts/setup.py again")
    found = Nvidia.open(gpu.uuid)
    assert found is not None, "MLX computes on a device that NVML does not know"
    return found


def test_memory_and_work_of_the_device_are_read_while_a_model_generates(
    device: Nvidia, tmp_path: Path
) -> None:
    before = device.read()
    engine = _opened(tmp_path)
    held, busy = 0, 0.0
    for reading in _readings(engine, device):
        held, busy = max(held, reading.used_bytes), max(busy, reading.busy)
        if busy > 0:
            break
    engine.close()
    assert before.name
    assert before.bytes >= held >= before.used_bytes + engine_bytes_min(tmp_path)
    assert 0 < busy <= 1


def engine_bytes_min(directory: Path) -> int:
    """Most of the weights: the rest leaves room for what others on the device give back."""
    return (directory / "model.safetensors").stat().st_size * 3 // 4


def _opened(directory: Path) -> Engine:
    """300 MB of weights: enough to be seen beside a driver's own."""
    tiny_model(directory, layers=8, hidden=1024)
    entry = Entry("tiny", "fast", Directory(directory))
    opening = open_engine(entry, directory, Shape.read(directory))
    while True:
        try:
            next(opening)
        except StopIteration as done:
            return done.value


def _readings(engine: Engine, device: Nvidia) -> Iterator[Device]:
    """One between two steps of eight, while requests follow one another."""
    for _ in range(REQUESTS):
        engine.insert(ASKED)
        finished = False
        while not finished:
            steps = [engine.step(512) for _ in range(8)]
            finished = any(made.finish for step in steps for made in step.made)
            yield device.read()
