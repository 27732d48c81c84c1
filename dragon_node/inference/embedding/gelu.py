"""GELU for a CPU: MLX takes its error function there one number at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dragon_node.inference import mlx_modules

OVER = (
    *(-2.72614225801306e-10, 2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05),
    *(-7.34990630326855e-04, -2.95459980854025e-03, -1.60960333262415e-02),
)
UNDER = (
    *(-1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03, -7.37332916720468e-03),
    -1.42647390514189e-02,
)
BEYOND = 4.0
"""The error function is 1 in float32 from here on."""
ROOT_HALF = 0.7071067811865476


def gelu(x: Any) -> Any:
    """x times the normal distribution's share below x, in float32 to within 1e-6 of max(1, |x|).

    Method: the rational approximation of erf in float32 that Eigen and XLA use. Multiplications
    and additions only: seven times as fast as `mlx.nn.gelu` on two cores (7 to 15 ms against 98 for
    1.4 million numbers), which is most of what a small BERT does there.
    """
    mx: Any = mlx_modules.module("mlx.core")
    t = mx.clip(x.astype(mx.float32) * ROOT_HALF, -BEYOND, BEYOND)
    square = t * t
    share = 1.0 + t * _polynomial(OVER, square) / _polynomial(UNDER, square)
    return 0.5 * x * share.astype(x.dtype)


def _polynomial(factors: Sequence[float], x: Any) -> Any:
    """By Horner, the highest power first."""
    value: Any = factors[0]
    for factor in factors[1:]:
        value = value * x + factor
    return value
