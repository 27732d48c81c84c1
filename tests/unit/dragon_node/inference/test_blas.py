"""MLX on Linux multiplies by a fast BLAS, and right, or says that it does not."""

from __future__ import annotations

import itertools
import json
import logging
import os
import subprocess
import sys

import numpy as np
import pytest

from common.errors import Unavailable
from dragon_node.inference import blas
from dragon_node.inference.blas import Blas

LOOK = """
import json
from dragon_node.inference import blas, mlx_modules
before = blas.found()
mx = mlx_modules.module("mlx.core")
found = blas.found()
import ctypes
threads = getattr(ctypes.CDLL(None), "openblas_get_num_threads", lambda: 0)()
print(json.dumps([before, found.library, found.gflops, found.right, threads]))
"""


def look(**environment: str) -> list[object]:
    """In a process of its own: mlx must not have been imported before."""
    ended = subprocess.run(
        [sys.executable, "-c", LOOK],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | environment,
    )
    return list(json.loads(ended.stdout))


@pytest.mark.skipif(sys.platform != "linux", reason="a Mac has Accelerate")
def test_openblas_is_there_for_everyone_before_mlx_is_imported_and_it_multiplies_right():
    before, library, gflops, right, threads = look()
    assert before is None
    assert "openblas" in str(library)
    assert float(str(gflops)) > 0
    assert right is True
    assert int(str(threads)) >= 1


@pytest.mark.skipif(sys.platform != "linux", reason="a Mac has Accelerate")
def test_the_owner_may_leave_mlx_its_own_library():
    _, library, _, right, threads = look(POSTDEVAI_BLAS="none")
    assert (library, right, threads) == ("", True, 0)


def test_preloading_after_mlx_is_too_late_and_does_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "mlx.core", object())
    assert blas.preload() == ""


class PaperMlx:
    """numpy in the place of MLX: importing that here, unprepared, would leave the tests slow."""

    def __init__(self, wrong_by: float = 0.0) -> None:
        self._wrong_by = wrong_by

    def ones(self, shape: tuple[int, int]) -> np.ndarray:
        return np.ones(shape, dtype=np.float32)

    def eval(self, *arrays: np.ndarray) -> None:
        del arrays

    def array(self, values: np.ndarray) -> np.ndarray:
        return values + np.float32(self._wrong_by)


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """As in a process that has not tested yet."""
    monkeypatch.setattr(blas, "_found", [])
    monkeypatch.setattr(blas, "_preloaded", ["libopenblas.so"])
    monkeypatch.setattr(blas.sys, "platform", "linux")
    return monkeypatch


def use(monkeypatch: pytest.MonkeyPatch, mlx: PaperMlx) -> None:
    monkeypatch.setattr(blas.importlib, "import_module", lambda name: mlx)


@pytest.mark.parametrize(("second_s", "warns"), [(1.0, True), (0.0001, False)])
def test_a_slow_blas_is_warned_about(
    fresh: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, second_s: float, warns: bool
):
    readings = itertools.cycle([0.0, second_s])
    fresh.setattr(blas.time, "perf_counter", lambda: next(readings))
    use(fresh, PaperMlx())
    with caplog.at_level(logging.INFO, logger=blas.log.name):
        tested = blas.self_test()
    assert ("slowly" in caplog.text) is warns
    assert "gflops=" in caplog.text
    assert tested.right
    assert blas.found() is tested


def test_a_blas_that_multiplies_wrongly_is_refused_each_time(fresh: pytest.MonkeyPatch):
    use(fresh, PaperMlx(wrong_by=0.1))
    for _ in range(2):
        with pytest.raises(Unavailable, match="multiplies wrongly") as why:
            blas.self_test()
        assert "POSTDEVAI_BLAS=none" in why.value.hint
    assert blas.found() is not None and blas.found() != Blas("libopenblas.so", 0.0, True)


def test_it_is_tested_once_in_a_process(fresh: pytest.MonkeyPatch):
    use(fresh, PaperMlx())
    tested = blas.self_test()
    use(fresh, PaperMlx(wrong_by=1.0))
    assert blas.self_test() is tested
