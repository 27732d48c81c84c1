"""What a Dragon knows of without being told, from the smallest machine to the largest."""

from __future__ import annotations

from pathlib import Path

import pytest

from dragon_node.inference.budget.machine import reserve_of
from dragon_node.inference.catalog.defaults import BGE, GIB, WHEELS, defaults
from dragon_node.inference.catalog.entries import Hub, Wheel
from dragon_node.inference.catalog.family import check_family
from dragon_node.node import default_lake_bytes

MACHINES = [GIB * n for n in (4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1_024)]
BYTES_PER_PARAMETER = {"4bit": 4.5 / 8, "6bit": 6.5 / 8, "8bit": 8.5 / 8, "DWQ": 4.5 / 8}
"""MLX keeps a scale and a bias of 16 bits for each 64 weights."""
PURPOSES = ("reasoning", "code", "fast", "embedding")


def left(memory: int) -> float:
    """For weights and caches: on a Mac the GPU is lent two thirds, from 36 GB three quarters."""
    reserve, lent = reserve_of(memory), memory * (2 / 3 if memory <= 36 * GIB else 3 / 4)
    return min(lent, memory - default_lake_bytes(memory)) - reserve


def weights(entry_id: str, parameters: int) -> float:
    return parameters * BYTES_PER_PARAMETER[entry_id.rsplit("-", 1)[1]]


@pytest.mark.parametrize("memory", MACHINES)
def test_defaults_agree_with_each_other(memory: int):
    check_family(Path("defaults"), defaults(memory, "darwin"))


@pytest.mark.parametrize("memory", MACHINES)
def test_each_default_fits_its_machine_alone(memory: int):
    for entry in defaults(memory, "darwin"):
        if isinstance(entry.source, Hub):
            assert weights(entry.source.id, entry.parameters) < left(memory), entry.name


def firsts(memory: int, *purposes: str) -> float:
    """Weights of the first of each purpose."""
    entries = defaults(memory, "darwin")
    chosen = [
        min((e for e in entries if e.purpose == p), key=lambda e: e.priority) for p in purposes
    ]
    return sum(weights(e.source.id, e.parameters) for e in chosen if isinstance(e.source, Hub))


@pytest.mark.parametrize("memory", [m for m in MACHINES if m >= 96 * GIB])
def test_from_96_gib_the_first_of_each_purpose_fit_together(memory: int):
    assert firsts(memory, *PURPOSES) < left(memory)


@pytest.mark.parametrize("memory", [m for m in MACHINES if m >= 16 * GIB])
@pytest.mark.parametrize("large", ["reasoning", "code"])
def test_either_large_model_and_the_small_ones_leave_room_for_caches(memory: int, large: str):
    assert firsts(memory, large, "fast", "embedding") < 0.85 * left(memory)


@pytest.mark.parametrize("memory", [m for m in MACHINES if m >= 16 * GIB])
def test_a_mac_has_a_model_for_every_purpose(memory: int):
    purposes = {e.purpose for e in defaults(memory, "darwin") if isinstance(e.source, Hub)}
    assert purposes == {"reasoning", "code", "fast", "embedding"}


@pytest.mark.parametrize("memory", MACHINES)
def test_a_linux_cpu_is_told_of_nothing_that_it_cannot_run(memory: int):
    assert defaults(memory, "linux") == WHEELS
    assert all(isinstance(e.source, Wheel) for e in WHEELS)


@pytest.mark.parametrize("platform", ["darwin", "linux"])
def test_there_is_an_embedder_that_needs_no_hub(platform: str):
    found = defaults(16 * GIB, platform)  # pyright: ignore[reportArgumentType]
    assert BGE in found
    embedders = [e for e in found if e.purpose == "embedding"]
    assert max(embedders, key=lambda e: e.priority) == BGE


def test_a_larger_machine_is_offered_no_smaller_coder():
    sizes = [
        max((e.parameters for e in defaults(m, "darwin") if e.purpose == "code"), default=0)
        for m in MACHINES
    ]
    assert sizes == sorted(sizes)
