"""The spool: whole entries or none, oldest first, within its limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import Conflict, Corrupt, Denied, OverLimit
from common.model.event import CommandFinished, Event, Ground, Output
from common.model.ids import EventId, WorkingCopyId, content_hash, new_event_id
from developer_node.text import spool


def _event(event_id: str = "") -> Event:
    ground = Ground(head="h", packages=content_hash(b"a==1\n"), cut=("x",))
    body = CommandFinished("make", "/r", (2,), 5, Output("no", 2, 0), ground)
    return Event(EventId(event_id or new_event_id()), 7, WorkingCopyId("w"), body)


def test_an_entry_comes_back_with_its_blobs(tmp_path: Path) -> None:
    event, blobs = _event(), {content_hash(b): b for b in (b"a==1\n", b"", b"\x00\xff")}
    entry = spool.read(spool.write(tmp_path / "new", event, blobs))
    assert entry == spool.SpoolEntry(event, blobs)


def test_entries_wait_oldest_first_and_drafts_do_not_count(tmp_path: Path) -> None:
    for name in ("00000000000a", "00000000000b"):
        spool.write(tmp_path, _event(name + "0" * 20), {})
    (tmp_path / f".{'0' * 32}.77").write_bytes(b"half")
    assert [p.name[:12] for p in spool.waiting(tmp_path)] == ["00000000000a", "00000000000b"]


def test_a_clock_that_jumps_back_changes_no_order(tmp_path: Path) -> None:
    """An identity sorts by the time at which it was made; what counts is what was first."""
    times = ["05", "09", "02", "01", "03", "09", "0a", "04"]
    made = [_event(f"0000000000{time}" + f"{n}" * 20) for n, time in enumerate(times)]
    for event in made:
        spool.write(tmp_path, event, {})
    waits = spool.waiting(tmp_path)
    assert [spool.read(path).event for path in waits] == made
    assert len({path.stem for path in waits}) == len(made)


def test_nobody_has_a_spool_before_the_first_entry(tmp_path: Path) -> None:
    assert spool.waiting(tmp_path / "none") == []


@pytest.mark.parametrize("keep", [0, 7, 20, 40, -1])
def test_a_torn_entry_is_corrupt_in_a_sentence(tmp_path: Path, keep: int) -> None:
    """A power cut between rename and data is the one way to such a file."""
    path = spool.write(tmp_path, _event(), {content_hash(b"abc"): b"abc"})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(Corrupt, match=path.name):
        spool.read(path)


def test_a_changed_byte_is_corrupt(tmp_path: Path) -> None:
    path = spool.write(tmp_path, _event(), {})
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(Corrupt, match="torn"):
        spool.read(path)


def test_a_full_spool_refuses_with_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "SPOOL_BYTES_MAX", 1 << 20)
    big = bytes(600 << 10)
    first = spool.write(tmp_path, _event(), {content_hash(big): big})
    with pytest.raises(OverLimit, match="1 MiB"):
        spool.write(tmp_path, _event(), {content_hash(big): big})
    assert spool.waiting(tmp_path) == [first]


def test_an_entry_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = spool.write(tmp_path / "spool", _event(), {})
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_nothing_of_an_entry_is_to_be_read_on_disk(tmp_path: Path) -> None:
    path = spool.write(tmp_path / "spool", _event(), {content_hash(b"a secret"): b"a secret"})
    data = path.read_bytes()
    assert b"secret" not in data
    assert b"make" not in data


def test_an_entry_without_its_key_is_denied_and_kept(tmp_path: Path) -> None:
    path = spool.write(tmp_path / "spool", _event(), {})
    before = path.read_bytes()
    (tmp_path / "key").unlink()
    for act in (lambda: spool.read(path), lambda: spool.write(tmp_path / "spool", _event(), {})):
        with pytest.raises(Denied, match="key"):
            act()
    assert path.read_bytes() == before
    assert spool.waiting(tmp_path / "spool") == [path]


def test_an_entry_of_a_newer_version_is_told_from_a_torn_one(tmp_path: Path) -> None:
    path = spool.write(tmp_path / "spool", _event(), {})
    path.write_bytes(b"pdvspl3\n" + path.read_bytes()[8:])
    with pytest.raises(Conflict, match="newer"):
        spool.read(path)
