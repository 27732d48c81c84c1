"""What was pinned by hand holds, over restarts and against the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import Corrupt
from dragon_node.inference.catalog.entries import Directory, Entry
from dragon_node.inference.catalog.pinned import Pinned

PLAIN = Entry("plain", "fast", Directory(Path("/x")))
KEPT = Entry("kept", "code", Directory(Path("/x")), pin=True)


def test_the_catalogue_pins_until_somebody_says_otherwise(tmp_path: Path):
    pinned = Pinned(tmp_path / "pinned.json")
    assert pinned.names((PLAIN, KEPT)) == {"kept"}
    pinned.say("plain", True)
    pinned.say("kept", False)
    assert pinned.names((PLAIN, KEPT)) == {"plain"}


def test_what_was_said_holds_over_a_restart(tmp_path: Path):
    path = tmp_path / "dragon" / "pinned.json"
    Pinned(path).say("plain", True)
    assert Pinned(path).names((PLAIN, KEPT)) == {"plain", "kept"}


def test_who_left_the_catalogue_is_not_pinned_and_comes_back_so(tmp_path: Path):
    pinned = Pinned(tmp_path / "pinned.json")
    pinned.say("plain", True)
    assert pinned.names((KEPT,)) == {"kept"}
    assert pinned.names((PLAIN,)) == {"plain"}


@pytest.mark.parametrize("broken", ["", "[]", "{}", '{"pinned": 3}', '{"pinned": {"a": "yes"}}'])
def test_a_broken_file_is_said_and_not_taken_for_empty(tmp_path: Path, broken: str):
    path = tmp_path / "pinned.json"
    path.write_text(broken)
    with pytest.raises(Corrupt) as why:
        Pinned(path)
    assert "delete it" in why.value.hint
