"""The key that seals, and what is said when it is not there."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from common.daemon.keys import VARIABLE, SealingKey, forget_key, sealing_key
from common.errors import Corrupt, Denied, Invalid, Missing


class Chain:
    """A keychain in memory; one that is locked takes and gives nothing."""

    def __init__(self, locked: bool = False) -> None:
        self.held: dict[str, str] = {}
        self.locked = locked

    def put(self, name: str, secret: str) -> None:
        self._open()
        self.held[name] = secret

    def get(self, name: str) -> str:
        self._open()
        if name not in self.held:
            raise Missing(f"no {name}")
        return self.held[name]

    def remove(self, name: str) -> None:
        self.get(name)
        del self.held[name]

    def _open(self) -> None:
        if self.locked:
            raise Denied("locked")


def _state(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    key = sealing_key(tmp_path / "dragon")
    assert sealing_key(tmp_path / "dragon") == key
    assert stat.S_IMODE((tmp_path / "dragon/key").stat().st_mode) == 0o600
    assert sealing_key(tmp_path / "developer") != key


def test_nothing_that_is_printed_holds_the_key(tmp_path: Path) -> None:
    key = sealing_key(tmp_path)
    shown = f"{key!r} {key} {key.id} {(tmp_path / 'key.json').read_text()}"
    assert key.raw.hex() not in shown
    assert key.derived("one") != key.derived("two") != key.raw


def test_processes_that_start_together_have_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: sealing_key(tmp_path / "dragon"), range(64)))
    assert len(set(made)) == 1
    assert sorted(p.name for p in (tmp_path / "dragon").iterdir()) == ["key", "key.json"]


def test_a_lost_key_is_said_and_no_other_is_made(tmp_path: Path) -> None:
    key = sealing_key(tmp_path)
    raw = (tmp_path / "key").read_bytes()
    (tmp_path / "key").unlink()
    before = _state(tmp_path)
    with pytest.raises(Denied) as refused:
        sealing_key(tmp_path)
    assert str(tmp_path / "key") in refused.value.message
    assert VARIABLE in refused.value.hint
    assert _state(tmp_path) == before
    (tmp_path / "key").write_bytes(raw)
    (tmp_path / "key").chmod(0o600)
    assert sealing_key(tmp_path) == key


def test_another_key_is_told_from_the_right_one(tmp_path: Path) -> None:
    key = sealing_key(tmp_path)
    (tmp_path / "key").write_text("ab" * 32)
    with pytest.raises(Denied, match=key.id):
        sealing_key(tmp_path)


@pytest.mark.parametrize("text", ["", "ab" * 31, "xy" * 32, "ä"])
def test_a_file_that_is_no_key_is_corrupt(tmp_path: Path, text: str) -> None:
    sealing_key(tmp_path)
    (tmp_path / "key").write_text(text)
    with pytest.raises(Corrupt, match=str(tmp_path / "key")):
        sealing_key(tmp_path)


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    sealing_key(tmp_path)
    (tmp_path / "key").chmod(mode)
    with pytest.raises(Denied, match="open to others") as refused:
        sealing_key(tmp_path)
    assert "chmod 600" in refused.value.hint


def test_a_key_file_of_the_persons_own_is_used_and_never_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, home = tmp_path / "own", tmp_path / "dragon"
    monkeypatch.setenv(VARIABLE, str(own))
    with pytest.raises(Denied, match=str(own)):
        sealing_key(home)
    assert not own.exists()
    own.write_text("cd" * 32)
    own.chmod(0o600)
    assert sealing_key(home) == SealingKey(bytes.fromhex("cd" * 32))
    assert [p.name for p in home.iterdir()] == ["key.json"]
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(Denied, match=VARIABLE):
        sealing_key(home)


def test_a_key_file_may_be_moved_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = sealing_key(tmp_path / "dragon")
    (tmp_path / "dragon/key").rename(tmp_path / "elsewhere")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "elsewhere"))
    assert sealing_key(tmp_path / "dragon") == key


def test_a_keychain_is_used_where_there_is_one(tmp_path: Path) -> None:
    chain = Chain()
    key = sealing_key(tmp_path, chain)
    assert [p.name for p in tmp_path.iterdir()] == ["key.json"]
    assert sealing_key(tmp_path, chain) == key
    chain.held.clear()
    with pytest.raises(Denied, match="not in the keychain"):
        sealing_key(tmp_path, chain)
    with pytest.raises(Denied, match="keychain of macOS"):
        sealing_key(tmp_path)


def test_a_keychain_locked_at_first_use_leaves_a_file(tmp_path: Path) -> None:
    key = sealing_key(tmp_path, Chain(locked=True))
    assert json.loads((tmp_path / "key.json").read_text())["kept"] == "file"
    assert sealing_key(tmp_path, Chain()) == key


def test_a_keychain_locked_later_is_said(tmp_path: Path) -> None:
    chain = Chain()
    sealing_key(tmp_path, chain)
    chain.locked = True
    with pytest.raises(Denied, match="locked"):
        sealing_key(tmp_path, chain)


def test_a_forgotten_key_is_gone_from_file_and_keychain(tmp_path: Path) -> None:
    chain = Chain()
    sealing_key(tmp_path / "one", chain)
    sealing_key(tmp_path / "two")
    forget_key(tmp_path / "one", chain)
    forget_key(tmp_path / "two")
    assert chain.held == {}
    assert not list((tmp_path / "one").iterdir()) and not list((tmp_path / "two").iterdir())


def test_a_note_that_says_nothing_is_corrupt(tmp_path: Path) -> None:
    sealing_key(tmp_path)
    for text in ("", "[]", '{"id": 1}', '{"id": "a", "kept": "cloud"}'):
        (tmp_path / "key.json").write_text(text)
        with pytest.raises(Corrupt, match=r"key\.json"):
            sealing_key(tmp_path)


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(Invalid):
        SealingKey(b"short")
