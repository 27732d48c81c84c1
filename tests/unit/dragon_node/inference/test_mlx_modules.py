"""What is in place before the first module of MLX, and what is said when it does not load."""

from __future__ import annotations

import sys

import pytest

from common.errors import Unavailable
from dragon_node.inference import mlx_modules


def test_mlx_that_does_not_load_is_unavailable_with_its_reason(monkeypatch: pytest.MonkeyPatch):
    def import_module(name: str) -> object:
        raise ImportError("libcuda.so.1: cannot open shared object file")

    monkeypatch.delitem(sys.modules, "mlx.core", raising=False)
    monkeypatch.setattr(mlx_modules.blas, "preload", lambda: "")
    monkeypatch.setattr(mlx_modules.importlib, "import_module", import_module)
    with pytest.raises(Unavailable, match=r"libcuda\.so\.1") as why:
        mlx_modules.module("mlx.core")
    assert "make setup" in why.value.hint
