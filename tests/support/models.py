"""The real small models, fetched once into the directory that every run shares."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from common.daemon.home import models_directory
from dragon_node.inference.fetching.pins import MINILM, PINS
from dragon_node.inference.fetching.unpack import is_current

FETCH = Path(__file__).parents[2] / "scripts" / "fetch_models.py"


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """A models directory with both models; the first run on a machine fetches them."""
    models = models_directory()
    if not all(is_current(models, pin) for pin in PINS):
        subprocess.run([sys.executable, FETCH], check=True)
    return models


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The directory of all-MiniLM-L6-v2; the first run on a machine fetches it."""
    models = models_directory()
    if not is_current(models, MINILM):
        subprocess.run([sys.executable, FETCH, "--model", MINILM.model], check=True)
    return models / MINILM.model
