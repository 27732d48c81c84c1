"""What was set by the person is told from what was said for libraries."""

from __future__ import annotations

import os

import pytest

from common.daemon import environment


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_was", {})


def test_what_is_said_is_not_in_the_environment_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_LIBRARY", raising=False)
    environment.say({"A_LIBRARY": "1"})
    environment.say({"A_LIBRARY": "2"})  # another room says it as well
    assert os.environ["A_LIBRARY"] == "1"
    assert "A_LIBRARY" not in environment.as_it_was()
    assert environment.as_it_was()["PATH"] == os.environ["PATH"]
    monkeypatch.delenv("A_LIBRARY")


def test_what_the_person_set_stays_and_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_LIBRARY", "mine")
    environment.say({"A_LIBRARY": "1"})
    assert os.environ["A_LIBRARY"] == "mine"
    assert environment.as_it_was()["A_LIBRARY"] == "mine"
