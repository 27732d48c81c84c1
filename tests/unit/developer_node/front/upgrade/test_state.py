"""The state of the nodes: copied whole, put back whole, and nothing is lost on the way."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from common.daemon.home import Home
from common.errors import OverLimit
from developer_node.front.upgrade import record, state


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def tree(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()
    }


STORE = "coordinator__engine__store__jetstream__streams__msgs"
"""Where the engine's own server keeps a stream."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home.from_env(str(tmp_path / "home"))
    write(
        made.root,
        dragon__journal="old",
        dragon__generations__1="one",
        dragon__ram__lake="memory",
        developer__outbox="old",
        developer__spool__taken="a",
        coordinator__state="old",
    )
    for name in ("dragon.log", "dragon.log.1", "dragon.err", "ready.json"):
        write(made.root, **{f"dragon__{name}": "lines"})
    write(made.root, **{"coordinator__audit.log.7": "full", "coordinator__state.db": "entries"})
    write(made.root, coordinator__policies__own="rules", **{"coordinator__audit.log": "chained"})
    write(made.root, **{"dragon__replica.json": "follows", f"{STORE}__1.blk": "messages"})
    return made


OLD = {
    "dragon/journal": "old",
    "dragon/generations/1": "one",
    "developer/outbox": "old",
    "developer/spool/taken": "a",
    "coordinator/state": "old",
    "coordinator/audit.log": "chained",
    "coordinator/audit.log.7": "full",
    "coordinator/state.db": "entries",
    "coordinator/policies/own": "rules",
    "dragon/replica.json": "follows",
    f"{STORE.replace('__', '/')}/1.blk": "messages",
}


def _by_the_new_version(home: Home) -> None:
    """It took what was in the spool; shells recorded more meanwhile."""
    write(home.root, dragon__journal="new", developer__outbox="new", developer__more="new")
    (home.root / "developer" / "spool" / "taken").unlink()
    write(home.root, developer__spool__recorded_since="b")


def test_what_is_copied_is_what_outlives_a_stop(home: Home) -> None:
    os.mkfifo(home.root / "developer" / "pipe")
    assert state.room_for_copy(home) == sum(map(len, OLD.values()))
    assert state.copy(home) == sum(map(len, OLD.values()))
    assert tree(record.directory(home) / "before") == OLD


def test_what_is_put_back_is_the_copy_and_what_nobody_took_and_the_rest_is_aside(
    home: Home,
) -> None:
    state.copy(home)
    _by_the_new_version(home)
    aside = state.put_back(home)
    assert tree(home.root / "developer") | tree(home.root / "developer") == {
        "outbox": "old",
        "spool/taken": "a",
        "spool/recorded_since": "b",
    }
    assert (aside / "developer" / "more").read_text() == "new"
    assert (aside / "dragon" / "journal").read_text() == "new"
    assert tree(record.directory(home) / "before") == OLD, "the copy stays as it was"


def test_what_was_set_aside_before_is_never_removed(home: Home) -> None:
    state.copy(home)
    first = state.put_back(home)
    write(home.root, dragon__journal="newer")
    second = state.put_back(home)
    assert first != second
    assert (first / "dragon" / "journal").read_text() == "old"
    assert (second / "dragon" / "journal").read_text() == "newer"


@pytest.mark.parametrize("cut", range(1, 13))
def test_wherever_it_is_cut_off_a_second_call_ends_it(
    home: Home, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each rename and each copy of a file is a place to die."""
    state.copy(home)
    _by_the_new_version(home)
    left = cut

    def dying(real: object) -> object:
        def step(*words: object, **named: object) -> object:
            nonlocal left
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
            return real(*words, **named)  # type: ignore[operator]

        return step

    monkeypatch.setattr(state, "_copy", dying(state._copy))
    monkeypatch.setattr(Path, "replace", dying(Path.replace))
    try:
        state.put_back(home)
    except KeyboardInterrupt:
        state.put_back(home)
    monkeypatch.undo()
    now = {name: text for name, text in tree(home.root).items() if not name.startswith("upgrade")}
    assert now == OLD | {"developer/spool/recorded_since": "b"}
    kept = tree(record.directory(home))
    assert "new" in [text for name, text in kept.items() if name.endswith("dragon/journal")]
    assert "new" in [text for name, text in kept.items() if name.endswith("developer/more")]


def test_a_copy_is_not_begun_where_it_has_no_room(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 0))
    with pytest.raises(OverLimit, match="a copy of the state takes"):
        state.room_for_copy(home)
