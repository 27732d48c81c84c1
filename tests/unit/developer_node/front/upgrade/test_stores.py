"""Which stores are put back, what is said of them first, and when nothing is."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from common.daemon.formats import StoreFormat, read_records, sealed_count
from common.daemon.home import Home
from common.daemon.keys import sealing_key
from common.errors import Conflict, Corrupt
from common.sealed_sqlite import unlock
from developer_node.front.upgrade import stores
from developer_node.front.upgrade.environment import Environment
from developer_node.front.upgrade.record import Record

OLD = tuple(StoreFormat(name, 2, 2, 1) for name in (stores.JOURNAL, stores.OUTBOX))


def made(after: tuple[StoreFormat, ...]) -> Record:
    return Record(1, "1.0", "/old", "2.0", "/new", (), (), OLD, after)


def looking(monkeypatch: pytest.MonkeyPatch, *now: StoreFormat) -> None:
    """What the old program finds when it looks at the stores now."""
    monkeypatch.setattr(Environment, "formats", lambda _self, _home: list(now))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.from_env(str(tmp_path))


def newer(of: StoreFormat) -> StoreFormat:
    return replace(of, writes=3)


def test_only_a_store_that_the_new_version_brought_forward_is_put_back(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = made((newer(OLD[0]), newer(OLD[1])))
    looking(monkeypatch, replace(OLD[0], found=3), OLD[1])
    assert stores.to_put_back(home, both, Environment.here()) == (stores.JOURNAL,)
    looking(monkeypatch, *OLD)
    assert stores.to_put_back(home, both, Environment.here()) == ()


def test_a_store_whose_format_stayed_is_never_put_back_however_it_looks(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking(monkeypatch, *(replace(each, fault="the keychain is locked") for each in OLD))
    assert stores.to_put_back(home, made(OLD), Environment.here()) == ()
    one = made((OLD[0], newer(OLD[1])))
    assert stores.to_put_back(home, one, Environment.here()) == (stores.OUTBOX,)


def test_what_the_old_program_cannot_even_look_at_is_put_back(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: Environment, _home: Path) -> list[StoreFormat]:
        raise Corrupt("it does not tell")

    monkeypatch.setattr(Environment, "formats", broken)
    gone = stores.to_put_back(home, made((newer(OLD[0]), OLD[1])), Environment.here())
    assert gone == (stores.JOURNAL,)


def test_a_store_that_only_the_new_version_knows_is_left_alone() -> None:
    assert made((*OLD, StoreFormat("developer/new.db", 1, 1, 1))).changed_stores == ()


def test_who_was_put_out_does_not_come_back_by_going_back() -> None:
    stores.refuse_lost_decisions((stores.JOURNAL, stores.OUTBOX), made(OLD))
    with pytest.raises(Conflict, match="would come in again") as refused:
        stores.refuse_lost_decisions((stores.COORDINATOR,), made(OLD))
    assert "stay with 2.0" in refused.value.hint


def test_what_is_left_is_said_in_numbers_where_they_can_be_told(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counts(self: Environment, _home: Path) -> dict[str, int]:
        new = {stores.JOURNAL: 1_207, stores.OUTBOX: 1}
        return new if self.root == Path("/new") else {stores.JOURNAL: 7}

    monkeypatch.setattr(Environment, "records", counts)
    both = (stores.JOURNAL, stores.OUTBOX)
    lake, outbox = stores.said_of_what_is_left(home, made(OLD), both)
    assert "1,200 records that all laptops recorded since" in lake
    assert "1 record that the Dragon does not have yet" in outbox
    assert "stays there" not in outbox, "it is put back as well"
    monkeypatch.setattr(Environment, "records", lambda _self, _home: {stores.OUTBOX: 0})
    (none,) = stores.said_of_what_is_left(home, made(OLD), (stores.OUTBOX,))
    assert "nothing in it waits for the Dragon. What it has stays there" in none
    monkeypatch.setattr(Environment, "records", lambda _self, _home: {})
    for said in stores.said_of_what_is_left(home, made(OLD), both):
        assert "left in after" in said and " 0 " not in said, "not guessed"


def test_a_sealed_store_tells_how_many_records_it_holds_and_is_left_as_it_is(
    home: Home,
) -> None:
    directory = home.root / "developer"
    directory.mkdir(parents=True)
    asked = "SELECT count(*) FROM records"
    assert sealed_count(home.root, stores.OUTBOX, asked) is None
    path, key = directory / "outbox.db", sealing_key(directory)
    with closing(apsw.Connection(str(path))) as db:
        unlock(db, path, key)
        db.execute("CREATE TABLE records(seq INTEGER PRIMARY KEY)")
        db.pragma("journal_mode", "wal")
        db.execute("INSERT INTO records VALUES(1), (2)")
        assert sealed_count(home.root, stores.OUTBOX, asked) == 2, "also while it is in use"
    there = sorted(directory.iterdir())
    assert sealed_count(home.root, stores.OUTBOX, asked) == 2
    assert sorted(directory.iterdir()) == there, "a copy stays a copy"
    (directory / "key.json").unlink()
    assert sealed_count(home.root, stores.OUTBOX, asked) is None


def test_a_program_that_tells_no_records_is_no_reason_to_fail() -> None:
    line = '{"store": "a", "found": 2, "writes": 2, "oldest": 1, "fault": ""}'
    assert read_records(f'{line}\nno words\n3\n{{"store": "b", "records": 4}}\n') == {"b": 4}
