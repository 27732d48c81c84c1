"""What was pinned by hand holds over restarts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from common.errors import Corrupt
from dragon_node.inference.catalog.pinned import Pinned


def test_nothing_is_pinned_until_somebody_says_so(tmp_path: Path):
    pinned = Pinned(tmp_path / "pinned.json")
    assert pinned.names() == frozenset()
    pinned.set("a", pinned=True)
    pinned.set("b", pinned=True)
    pinned.set("b", pinned=False)
    pinned.set("never", pinned=False)
    assert pinned.names() == {"a"}


def test_what_was_said_holds_over_a_restart(tmp_path: Path):
    path = tmp_path / "dragon" / "pinned.json"
    Pinned(path).set("a", pinned=True)
    assert Pinned(path).names() == {"a"}


def test_a_pin_that_cannot_be_kept_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A full disk: what was said would be forgotten at the next start."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    pinned = Pinned(tmp_path / "pinned.json")
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        pinned.set("a", pinned=True)
    assert pinned.names() == frozenset()


@pytest.mark.parametrize(
    "broken", ["", "[]", "{}", '{"pinned": 3}', '{"pinned": [1]}', "\\", "[" * 200_000]
)
def test_a_broken_file_is_said_and_not_taken_for_empty(tmp_path: Path, broken: str):
    path = tmp_path / "pinned.json"
    path.write_text(broken)
    with pytest.raises(Corrupt) as why:
        Pinned(path)
    assert "delete it" in why.value.hint
