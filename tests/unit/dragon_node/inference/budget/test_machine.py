"""How much may be planned with, on machines of which the readings are recorded."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from common.errors import Invalid
from dragon_node.inference.budget.machine import (
    RESERVE_MAX_BYTES,
    RESERVE_MIN_BYTES,
    Gpu,
    Machine,
    gpu_of,
    read_machine,
    reserve_of,
)
from dragon_node.inference.mlx_modules import module

GB = 1_000_000_000
WHOLE = psutil.virtual_memory().total

M4_PRO_48: dict[str, Any] = {
    "resource_limit": 499000,
    "max_buffer_length": 30150672384,
    "architecture": "applegpu_g16s",
    "memory_size": 51539607552,
    "max_recommended_working_set_size": 40200896512,
    "device_name": "Apple M4 Pro",
}
"""As `mlx.core.device_info()` gives it on that machine."""
H100: dict[str, Any] = {
    "device_name": "NVIDIA H100 80GB HBM3",
    "uuid": "GPU-2dee1e25-b3b5-007e-2b55-79f2d0f2ebe5",
    "architecture": "sm_90",
    "free_memory": 84_000_000_000,
    "total_memory": 85_520_809_984,
}
"""The keys of MLX's CUDA back end."""


def mlx(info: dict[str, Any], *, metal: bool = False, cuda: bool = False) -> SimpleNamespace:
    """What of `mlx.core` is asked."""
    return SimpleNamespace(
        metal=SimpleNamespace(is_available=lambda: metal),
        cuda=SimpleNamespace(is_available=lambda: cuda),
        device_info=lambda: info,
    )


def test_a_cpu_is_no_gpu() -> None:
    assert gpu_of(mlx({"architecture": "x86_64", "device_name": "AMD EPYC"})) is None


def test_a_mac_gives_its_gpu_what_metal_recommends() -> None:
    assert gpu_of(mlx(M4_PRO_48, metal=True)) == Gpu("Apple M4 Pro", 40200896512)


def test_an_nvidia_gpu_gives_what_it_has_and_its_id() -> None:
    assert gpu_of(mlx(H100, cuda=True)) == Gpu(H100["device_name"], 85520809984, H100["uuid"])


def test_mlx_for_cuda_without_a_device_has_no_gpu() -> None:
    """Its `cuda.is_available()` says yes even then."""
    assert gpu_of(mlx({}, cuda=True)) is None


def test_the_real_mlx_can_be_asked() -> None:
    found = gpu_of(module("mlx.core"))
    assert found is None or found.bytes > 0


def test_all_of_the_machine_is_planned_with_where_nobody_limits_it(tmp_path: Path) -> None:
    assert read_machine(root=tmp_path) == Machine(WHOLE, "this machine's memory")


def test_a_container_is_planned_with_its_limit(tmp_path: Path) -> None:
    limited(tmp_path, GB)
    assert read_machine(root=tmp_path) == Machine(GB, "the limit of this container")


def test_a_container_that_may_have_more_than_there_is_has_what_there_is(tmp_path: Path) -> None:
    limited(tmp_path, WHOLE + 1)
    assert read_machine(root=tmp_path).memory_bytes == WHOLE


def test_an_owner_may_allow_less(tmp_path: Path) -> None:
    assert read_machine(GB, root=tmp_path) == Machine(GB, "--memory-bytes", limited=True)


def test_an_owner_cannot_allow_more_than_there_is(tmp_path: Path) -> None:
    limited(tmp_path, GB)
    with pytest.raises(Invalid, match=r"2\.0 GB is more than the limit of this container, 1\.0 GB"):
        read_machine(2 * GB, root=tmp_path)


def test_models_and_reserve_never_get_more_than_the_gpu_may_hold() -> None:
    machine = Machine(48 * GB, "", Gpu("Apple M4 Pro", 36 * GB))
    lake = 6 * GB
    assert machine.plan_bytes(lake) - lake == 36 * GB


def test_nor_all_together_more_than_the_machine_has() -> None:
    machine = Machine(48 * GB, "", Gpu("Apple M4 Pro", 36 * GB))
    assert machine.plan_bytes(16 * GB) == 48 * GB


def test_without_a_gpu_all_is_planned_with() -> None:
    assert Machine(48 * GB, "").plan_bytes(6 * GB) == 48 * GB


@pytest.mark.parametrize(
    ("memory", "reserve"),
    [
        (4 * GB, RESERVE_MIN_BYTES),
        (16 * GB, 2 * GB),
        (128 * GB, 16 * GB),
        (512 * GB, RESERVE_MAX_BYTES),
    ],
)
def test_an_eighth_is_kept_in_reserve_within_limits(memory: int, reserve: int) -> None:
    assert reserve_of(memory) == reserve


def limited(root: Path, size: int) -> None:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text("0::/\n")
    (root / "sys/fs/cgroup").mkdir(parents=True)
    (root / "sys/fs/cgroup/memory.max").write_text(f"{size}\n")
