"""A laptop's home outlives our versions: what waited in any of them waits still, and sealed."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.daemon.keys import SealingKey, sealing_key
from common.errors import Corrupt, Denied
from common.model.ids import ContentHash, WorkingCopyId
from developer_node.front.shell.last_ground import last_ground
from developer_node.outbox.formats import OUTBOX
from developer_node.outbox.outbox import Outbox
from developer_node.outbox.sql import Sql
from developer_node.text import spool
from developer_node.text.kept_contents import seal_grounds
from tests.support.golden import FORMATS, digest, expected, home_of, plain_in

COPY = WorkingCopyId("2" * 16)


@pytest.mark.parametrize("number", FORMATS)
async def test_what_waits_in_the_outbox_is_there_and_sealed(tmp_path: Path, number: int) -> None:
    laptop, said = home_of(number, tmp_path / "home") / "developer", expected(number)["outbox"]
    async with Outbox.open(laptop / "outbox.db") as outbox:
        position = await outbox.position()
        assert position.origin == said["origin"]
        assert (position.first_held, position.last) == (said["first_held"], said["last"])
        assert position.sent == said["sent"]
        held = await outbox.batch(0, records_max=100, bytes_max=1 << 20)
        assert [[each.seq, digest(each.body)] for each in held] == said["records"]
        for content in said["blobs"]:
            assert b"golden needle" in (await outbox.blob(ContentHash(content)) or b"")
        assert [await outbox.mark(key) for key, _ in said["marks"]] == [v for _, v in said["marks"]]
        assert (await outbox.status()).refused == len(said["refused"])
        assert not [name for name in plain_in(laptop) if name.startswith("outbox")]
    assert not [name for name in plain_in(laptop) if name.startswith("outbox")]


@pytest.mark.parametrize("number", FORMATS)
def test_what_waits_in_the_spool_is_read(tmp_path: Path, number: int) -> None:
    laptop, said = home_of(number, tmp_path / "home") / "developer", expected(number)["spool"]
    (path,) = spool.waiting(laptop / "spool")
    entry = spool.read(path)
    assert entry.event.id == said["event"]
    assert sorted(entry.blobs) == sorted(said["blobs"])


@pytest.mark.parametrize("number", FORMATS)
def test_the_last_ground_is_known_and_sealed(tmp_path: Path, number: int) -> None:
    laptop, said = home_of(number, tmp_path / "home") / "developer", expected(number)["ground"]
    for _ in range(2):
        with last_ground(laptop / "grounds" / COPY) as last:
            assert dict(last.contents) == said
            for git_id in said:
                assert b"golden needle" in (last.content(git_id) or b"")
        seal_grounds(laptop / "grounds")
        assert not [name for name in plain_in(laptop) if name.startswith("grounds")]


def test_the_control_case_is_plain(tmp_path: Path) -> None:
    laptop = home_of(1, tmp_path / "home") / "developer"
    assert {name.partition("/")[0].partition(".")[0] for name in plain_in(laptop)} == {
        "grounds",
        "outbox",
        "spool",
    }


async def test_a_newer_outbox_is_refused_and_left_alone(tmp_path: Path) -> None:
    laptop = home_of(1, tmp_path / "home") / "developer"
    async with Outbox.open(laptop / "outbox.db"):
        pass
    sql = Sql(laptop / "outbox.db", sealing_key(laptop))
    sql.pragma("user_version", OUTBOX.version + 1)
    sql.close()
    before = (laptop / "outbox.db").read_bytes()
    with pytest.raises(Corrupt, match="newer version"):
        async with Outbox.open(laptop / "outbox.db"):
            pass
    assert (laptop / "outbox.db").read_bytes() == before


async def test_an_outbox_without_its_key_is_denied_and_left_alone(tmp_path: Path) -> None:
    laptop = home_of(1, tmp_path / "home") / "developer"
    async with Outbox.open(laptop / "outbox.db"):
        pass
    before = (laptop / "outbox.db").read_bytes()
    (laptop / "key").write_text(SealingKey(b"o" * 32).raw.hex())
    with pytest.raises(Denied, match="is sealed with key"):
        async with Outbox.open(laptop / "outbox.db"):
            pass
    assert (laptop / "outbox.db").read_bytes() == before
