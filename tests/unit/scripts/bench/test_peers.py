"""What the product is held against really runs, on the weights and the BLAS that it has itself."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

from scripts.bench.bare import Bare
from scripts.bench.heard import ask
from scripts.bench.mlx_server import MlxServer
from tests.support.tiny_models import tiny_model

TOKENS = 6


def fast_blas(pid: int) -> Sequence[str]:
    """The OpenBLAS that a process has mapped beside numpy's own."""
    maps = {m.path for m in psutil.Process(pid).memory_maps()}
    return [path for path in maps if "libopenblas" in path and "numpy" not in path]


async def test_mlx_lm_server_answers_with_the_blas_of_the_dragon(tmp_path: Path) -> None:
    async with MlxServer.open(tiny_model(tmp_path / "tiny")) as server:
        heard = await ask(server, "what?", TOKENS)
        if sys.platform == "linux":
            assert fast_blas(server.pid)
    assert heard.last.prompt_tokens > len("what?")
    assert 1 <= heard.last.completion_tokens <= TOKENS
    assert not psutil.pid_exists(server.pid)


async def test_bare_mlx_lm_works_in_a_row_and_together(tmp_path: Path) -> None:
    async with Bare(str(tiny_model(tmp_path / "tiny"))) as bare:
        assert await bare.tokens_per_s(["one", "two"], TOKENS) > 0
        assert await bare.tokens_per_s(["one", "two"], TOKENS, together=True) > 0
