"""Gives MLX on Linux a fast BLAS: loaded first and globally, it takes the place of the slow one.

The mlx-cpu wheel carries reference BLAS. The faiss-cpu wheel, which is installed anyway, carries
OpenBLAS. Call `preload()` before anything imports mlx, then `measure()` to know that it worked.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib
import importlib.util
import logging
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

GFLOPS_SLOW = 15.0
"""Below this the reference BLAS is at work: it gives 2.5 on two cores, OpenBLAS 197."""
DEPENDENCIES_FIRST = ("libquadmath*", "libgfortran*", "libgomp*", "libopenblas*")


def preload() -> str:
    """The library that was loaded; empty on macOS, where MLX has its own, and where none is."""
    if sys.platform != "linux" or "mlx.core" in sys.modules:
        return ""
    for libraries in _candidates():
        try:
            for library in libraries:
                ctypes.CDLL(library, ctypes.RTLD_GLOBAL)
        except OSError as why:
            log.warning("a BLAS library does not load library=%s why=%s", libraries[-1], why)
            continue
        return libraries[-1]
    return ""


def measure(library: str) -> float:
    """GFLOP/s of MLX as it now is; logs it, and warns when it is slow. On the MLX thread only."""
    mx: Any = importlib.import_module("mlx.core")
    a, b = mx.random.normal((128, 576)), mx.random.normal((1536, 576))
    mx.eval(a, b, a @ b.T)
    rounds = 10
    begun = time.perf_counter()
    for _ in range(rounds):
        mx.eval(a @ b.T)
    gflops = rounds * 2 * 128 * 576 * 1536 / (time.perf_counter() - begun) / 1e9
    if gflops < GFLOPS_SLOW and sys.platform == "linux":
        log.warning(
            "MLX multiplies slowly here: answers will take minutes. Install faiss-cpu or a system "
            "OpenBLAS. gflops=%.1f library=%s",
            gflops,
            library or "none",
        )
    else:
        log.info("MLX multiplies well gflops=%.1f library=%s", gflops, library or "its own")
    return gflops


def _candidates() -> Iterator[list[str]]:
    found = importlib.util.find_spec("faiss")
    if found is not None and found.origin is not None:
        beside = Path(found.origin).parent.parent / "faiss_cpu.libs"
        libraries = [str(p) for pattern in DEPENDENCIES_FIRST for p in sorted(beside.glob(pattern))]
        if libraries and "openblas" in libraries[-1]:
            yield libraries
    system = ctypes.util.find_library("openblas")
    if system is not None:
        yield [system]
