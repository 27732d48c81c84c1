"""Whole meshes of real processes; each ends with its test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.mesh import Mesh
from tests.support.models import models_dir

__all__ = ["models_dir"]


@pytest.fixture
def mesh(tmp_path: Path) -> Iterator[Mesh]:
    """Not started yet; stopped and looked after at the end."""
    made = Mesh(tmp_path / "home")
    yield made
    made.close()
