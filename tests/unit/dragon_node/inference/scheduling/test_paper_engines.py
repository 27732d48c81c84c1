"""The fake is no kinder than the real thing: both pass the one suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from dragon_node.inference.engines.engine import Engine
from tests.support.engine_suite import EngineSuite
from tests.support.paper_engines import PaperEngine
from tests.support.spoken import engine_of
from tests.support.tiny_models import tiny_model


class TestPaper(EngineSuite):
    @pytest.fixture
    def engine(self) -> Engine:
        return PaperEngine()


class TestBatched(EngineSuite):
    @pytest.fixture
    def engine(self, tmp_path: Path) -> Engine:
        return engine_of(tiny_model(tmp_path / "tiny"))


class TestSingle(EngineSuite):
    @pytest.fixture
    def engine(self, tmp_path: Path) -> Engine:
        return engine_of(tiny_model(tmp_path / "tiny", hidden=256), kv_bits=8, slots=1)
