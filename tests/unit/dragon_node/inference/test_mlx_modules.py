"""What is in place before the first module of MLX, and what is said when it does not load."""

from __future__ import annotations

import os
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


def test_who_is_asked_to_fetch_gets_what_the_person_set_and_not_what_we_did(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setitem(mlx_modules._before, "HF_HUB_OFFLINE", None)
    monkeypatch.setitem(mlx_modules._before, "HF_HUB_DISABLE_TELEMETRY", "0")
    environment = mlx_modules.environment_as_it_was()
    assert "HF_HUB_OFFLINE" not in environment
    assert environment["HF_HUB_DISABLE_TELEMETRY"] == "0"
    assert environment["PATH"] == os.environ["PATH"]
