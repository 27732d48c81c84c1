"""GELU against the error function of the standard library."""

from __future__ import annotations

import math

import numpy as np

from dragon_node.inference import mlx_modules
from dragon_node.inference.embedding.gelu import gelu


def test_it_is_gelu_to_a_millionth():
    mx = mlx_modules.module("mlx.core")
    xs = np.linspace(-12, 12, 24_001).astype(np.float32)
    exact = np.array([x * 0.5 * (1 + math.erf(x / math.sqrt(2))) for x in xs.tolist()])
    off = np.abs(np.array(gelu(mx.array(xs))) - exact)
    assert (off / np.maximum(1, np.abs(exact))).max() < 1e-6


def test_very_large_numbers_stay_what_they_are():
    mx = mlx_modules.module("mlx.core")
    found = np.array(gelu(mx.array([-1e9, -1e4, 1e4, 1e9])))
    assert np.allclose(found[2:], [1e4, 1e9])
    assert np.all(np.abs(found[:2]) <= 1e-6 * np.array([1e9, 1e4]))


def test_half_precision_is_kept_and_as_good_as_it_can_be():
    mx = mlx_modules.module("mlx.core")
    xs = mx.array(np.linspace(-6, 6, 1_001)).astype(mx.float16)
    found = gelu(xs)
    assert found.dtype == mx.float16
    assert np.abs(np.array(found) - np.array(gelu(xs.astype(mx.float32)))).max() < 4e-3
