"""The real engines keep what the scheduler relies on."""

from __future__ import annotations

from pathlib import Path

import pytest

from dragon_node.inference.catalog.entries import Directory, Entry
from dragon_node.inference.catalog.shape import Shape
from dragon_node.inference.engines.engine import Engine
from dragon_node.inference.engines.opening import open_engine
from tests.support.engine_suite import EngineSuite
from tests.support.spoken import engine_of, opened
from tests.support.tiny_models import tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Heads of 64 numbers, which quantised caches need."""
    return tiny_model(tmp_path_factory.mktemp("suite") / "tiny", hidden=256, layers=1)


class TestBatched(EngineSuite):
    @pytest.fixture
    def engine(self, model: Path) -> Engine:
        return engine_of(model, slots=4)


class TestQuantised(EngineSuite):
    @pytest.fixture
    def engine(self, model: Path) -> Engine:
        return engine_of(model, kv_bits=8)


class TestDrafted(EngineSuite):
    @pytest.fixture
    def engine(self, model: Path) -> Engine:
        entry = Entry("tiny", "code", Directory(model), draft="tiny")
        return opened(open_engine(entry, model, Shape.read(model), draft=model))
