"""Gives MLX on Linux a fast BLAS: loaded first and globally, it takes the place of the slow one.

The mlx-cpu wheel carries reference BLAS. The faiss-cpu wheel, which is installed anyway, carries
OpenBLAS. `preload()` before anything imports mlx, then `self_test()` to know that it worked.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib
import importlib.util
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from common.errors import Unavailable

log = logging.getLogger(__name__)

CHOICE = "POSTDEVAI_BLAS"
"""Environment: `none` leaves MLX the library that it brings; empty looks for a faster one."""
GFLOPS_SLOW = 15.0
"""Below this the reference BLAS is at work: it gives 2.5 on two cores, OpenBLAS 197."""
DEPENDENCIES_FIRST = ("libquadmath*", "libgfortran*", "libgomp*", "libopenblas*")
SHAPE = (128, 576, 1536)
"""Rows, depth and columns of the product that is timed: a layer of the small model."""
ODD_SHAPES = ((1, 576, 1536), (7, 33, 129), (65, 257, 31), SHAPE)
"""Of the products that are checked: a decode step, and what fits no block of any kernel."""
ERROR_MAX = 0.01
"""Per square root of the depth; a GPU that rounds to 19 bits stays below 0.001."""
ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Blas:
    """What multiplies 32-bit matrices for MLX, and how well."""

    library: str
    """Path or name; empty for what MLX brings itself."""
    gflops: float
    right: bool
    """Products are what numpy says in double precision."""


_once = threading.Lock()
_preloaded: list[str] = []
_found: list[Blas] = []


def preload() -> str:
    """The library that was loaded; empty on macOS, where MLX has its own, and where none is."""
    if sys.platform != "linux" or "mlx.core" in sys.modules:
        return ""
    if os.environ.get(CHOICE, "").strip().lower() == "none":
        return ""
    for libraries in _candidates():
        try:
            for library in libraries:
                ctypes.CDLL(library, ctypes.RTLD_GLOBAL)
        except OSError as why:
            log.warning("a BLAS library does not load library=%s why=%s", libraries[-1], why)
            continue
        _preloaded[:] = [libraries[-1]]
        return libraries[-1]
    return ""


def found() -> Blas | None:
    """What the self-test found; None before MLX was used in this process."""
    return _found[0] if _found else None


def self_test() -> Blas:
    """Multiplies as MLX now does it, once in a process; logs it, and warns when it is slow.

    Unavailable when a product is wrong: a model would speak nonsense, and nobody would know why.
    """
    with _once:
        if not _found:
            mx: Any = importlib.import_module("mlx.core")
            library = _preloaded[0] if _preloaded else ""
            _found.append(Blas(library, _gflops(mx), all(_is_right(mx, s) for s in ODD_SHAPES)))
            _log(_found[0])
    if not _found[0].right:
        raise Unavailable(
            f"MLX multiplies wrongly here with {_found[0].library or 'its own library'}",
            hint=f"install faiss-cpu anew, or start the Dragon with {CHOICE}=none",
        )
    return _found[0]


def _gflops(mx: Any) -> float:
    rows, depth, columns = SHAPE
    a, b = mx.ones((rows, depth)), mx.ones((columns, depth))
    mx.eval(a, b, a @ b.T)
    best_s = min(_seconds(mx, a, b) for _ in range(ROUNDS))  # others use this machine too
    return 2 * rows * depth * columns / best_s / 1e9


def _seconds(mx: Any, a: Any, b: Any) -> float:
    begun = time.perf_counter()
    mx.eval(a @ b.T)
    return time.perf_counter() - begun


def _is_right(mx: Any, shape: tuple[int, int, int]) -> bool:
    """Both ways that MLX asks a BLAS: as it lies, and transposed."""
    rows, depth, columns = shape
    draw = np.random.default_rng(7)
    a = draw.standard_normal((rows, depth), dtype=np.float32)
    b = draw.standard_normal((depth, columns), dtype=np.float32)
    wanted = a.astype(np.float64) @ b.astype(np.float64)
    plain = np.array(mx.array(a) @ mx.array(b))
    turned = np.array(mx.array(a) @ mx.array(np.ascontiguousarray(b.T)).T)
    error = max(np.abs(plain - wanted).max(), np.abs(turned - wanted).max())
    return bool(error <= ERROR_MAX * depth**0.5)


def _log(tested: Blas) -> None:
    library = tested.library or "its own"
    if not tested.right:
        log.error("MLX multiplies wrongly library=%s", library)
    elif tested.gflops < GFLOPS_SLOW and sys.platform == "linux":
        log.warning(
            "MLX multiplies slowly here: answers will take minutes. Install faiss-cpu or a system "
            "OpenBLAS. gflops=%.1f library=%s",
            tested.gflops,
            library,
        )
    else:
        log.info("MLX multiplies well gflops=%.1f library=%s", tested.gflops, library)


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
