"""Packages that the lock pins by hash and every machine has: a small set that needs no network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

PACKAGES = (
    "_pytest",
    "click",
    "huggingface_hub",
    "hypothesis",
    "jinja2",
    "markdown_it",
    "packaging",
    "pygments",
    "requests",
    "rich",
    "setuptools",
    "textual",
)


def directories() -> list[Path]:
    """Where they are installed."""
    found = [find_spec(name) for name in PACKAGES]
    return [Path(spec.origin).parent for spec in found if spec is not None and spec.origin]
