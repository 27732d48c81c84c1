"""The real small models, fetched once into the directory that every run shares."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from common.daemon.home import models_directory
from dragon_node.inference.fetching.pins import PINS
from dragon_node.inference.fetching.unpack import is_current

FETCH = Path(__file__).parents[2] / "scripts" / "fetch_models.py"


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """A models directory with both models; the first run on a machine fetches them."""
    models = models_directory()
    if not all(is_current(models, pin) for pin in PINS):
        subprocess.run([sys.executable, FETCH], check=True)
    return models
