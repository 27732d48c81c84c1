"""MLX on Linux multiplies by a fast BLAS, or says that it does not."""

from __future__ import annotations

import logging
import subprocess
import sys
from unittest.mock import MagicMock

import pytest

from dragon_node.inference import blas

LOOK = """
from dragon_node.inference import blas
library = blas.preload()
import mlx.core as mx
a = mx.ones((4, 8))
mx.eval(a @ a.T)
import ctypes
symbol = ctypes.CDLL(None).openblas_get_num_threads
print(library, symbol())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a Mac has Accelerate")
def test_openblas_is_there_for_everyone_before_mlx_is_imported():
    ended = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True)
    library, threads = ended.stdout.split()
    assert "openblas" in library
    assert int(threads) >= 1


def test_preloading_after_mlx_is_too_late_and_does_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "mlx.core", object())
    assert blas.preload() == ""


@pytest.mark.parametrize(("second_s", "warns"), [(1.0, True), (0.0001, False)])
def test_a_slow_blas_is_warned_about(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    second_s: float,
    warns: bool,
):
    readings = iter([0.0, second_s])
    monkeypatch.setattr(blas.time, "perf_counter", lambda: next(readings))
    monkeypatch.setattr(blas.sys, "platform", "linux")
    # Importing mlx here, without the preload, would leave the whole test process slow.
    mlx = MagicMock()
    monkeypatch.setattr(blas.importlib, "import_module", lambda name: mlx)
    with caplog.at_level(logging.INFO, logger=blas.log.name):
        blas.measure("")
    assert ("slowly" in caplog.text) is warns
    assert "gflops=" in caplog.text
