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
        **{"dragon__journal.db": "old", "developer__outbox.db": "old"},
        dragon__generations__1="one",
        dragon__ram__lake="memory",
        developer__spool__taken="a",
    )
    for name in ("dragon.log", "dragon.log.1", "dragon.err", "ready.json"):
        write(made.root, **{f"dragon__{name}": "lines"})
    write(made.root, **{"coordinator__audit.log.7": "full", "coordinator__state.db": "entries"})
    write(made.root, coordinator__policies__own="rules", **{"coordinator__audit.log": "chained"})
    write(made.root, **{"dragon__replica.json": "follows", f"{STORE}__1.blk": "messages"})
    return made


OLD = {
    "dragon/journal.db": "old",
    "dragon/generations/1": "one",
    "developer/outbox.db": "old",
    "developer/spool/taken": "a",
    "coordinator/audit.log": "chained",
    "coordinator/audit.log.7": "full",
    "coordinator/state.db": "entries",
    "coordinator/policies/own": "rules",
    "dragon/replica.json": "follows",
    f"{STORE.replace('__', '/')}/1.blk": "messages",
}


STORES = ("dragon/journal.db", "developer/outbox.db")


def _by_the_new_version(home: Home) -> None:
    """It took what was in the spool; shells recorded more meanwhile, and somebody was put out."""
    write(
        home.root,
        **{"dragon__journal.db": "new", "dragon__journal.db-wal": "new wal"},
        **{"dragon__generations__2": "two", "dragon__replica.json": "leads"},
        **{"developer__outbox.db": "new", "developer__near.db": "nearer"},
        **{"coordinator__state.db": "put out", "coordinator__audit.log": "chained on"},
        developer__spool__recorded_since="b",
    )
    (home.root / "developer" / "spool" / "taken").unlink()


BACK = OLD | {
    "dragon/replica.json": "leads",
    "developer/near.db": "nearer",
    "developer/spool/recorded_since": "b",
    "coordinator/state.db": "put out",
    "coordinator/audit.log": "chained on",
}
"""The two stores as they were, everything else as it is now."""
ASIDE = {
    "dragon/journal.db": "new",
    "dragon/journal.db-wal": "new wal",
    "dragon/generations/1": "one",
    "dragon/generations/2": "two",
    "developer/outbox.db": "new",
}


def now(home: Home) -> dict[str, str]:
    """Of what is copied, and nothing else."""
    found = {name: text for name, text in tree(home.root).items() if not name.startswith("upgrade")}
    return {name: text for name, text in found.items() if text not in ("lines", "memory")}


def test_what_is_copied_is_what_outlives_a_stop(home: Home) -> None:
    os.mkfifo(home.root / "developer" / "pipe")
    assert state.room_for_copy(home) == sum(map(len, OLD.values()))
    assert state.copy(home) == sum(map(len, OLD.values()))
    assert tree(record.directory(home) / "before") == OLD


def test_only_the_stores_that_are_named_are_put_back_and_what_they_were_is_aside(
    home: Home,
) -> None:
    state.copy(home)
    _by_the_new_version(home)
    aside, _ = state.put_back(home, STORES)
    assert now(home) == BACK
    assert tree(aside) == ASIDE
    assert tree(record.directory(home) / "before") == OLD, "the copy stays as it was"


def test_a_wal_of_the_new_version_is_not_left_beside_the_old_file(home: Home) -> None:
    write(home.root, **{"developer__outbox.db-wal": "old wal"})
    state.copy(home)
    _by_the_new_version(home)
    write(home.root, **{"developer__outbox.db-wal": "new wal"})
    state.put_back(home, STORES)
    assert (home.root / "developer" / "outbox.db-wal").read_text() == "old wal"
    assert not (home.root / "dragon" / "journal.db-wal").exists()


def test_an_outbox_that_stays_keeps_what_it_took_from_the_spool(home: Home) -> None:
    state.copy(home)
    _by_the_new_version(home)
    state.put_back(home, ["dragon/journal.db"])
    assert not (home.root / "developer" / "spool" / "taken").exists(), "it would be told twice"


def test_what_was_set_aside_before_is_never_removed(home: Home) -> None:
    state.copy(home)
    first, _ = state.put_back(home, STORES)
    write(home.root, **{"dragon__journal.db": "newer"})
    second, _ = state.put_back(home, STORES)
    assert first != second
    assert (first / "dragon" / "journal.db").read_text() == "old"
    assert (second / "dragon" / "journal.db").read_text() == "newer"


@pytest.mark.parametrize("cut", range(1, 22))
def test_wherever_it_is_cut_off_a_second_call_ends_it(
    home: Home, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each rename and each copy of a file is a place to die; the last one is not reached."""
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
    monkeypatch.setattr(state, "write_private", dying(state.write_private))
    monkeypatch.setattr(Path, "replace", dying(Path.replace))
    try:
        state.put_back(home, STORES)
    except KeyboardInterrupt:
        # files that are aside have no format: what a second look finds is less
        _, ended = state.put_back(home, () if state.is_begun(home) else STORES)
        assert ended == STORES
    monkeypatch.undo()
    assert not state.is_begun(home)
    assert now(home) == BACK
    assert tree(record.directory(home) / "after") == ASIDE


def test_a_copy_is_not_begun_where_it_has_no_room(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 0))
    with pytest.raises(OverLimit, match="a copy of the state takes"):
        state.room_for_copy(home)
