"""Two laptops and a real Coordinator: edited offline, they converge, and what lost is shown."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from common.alongside import alongside
from common.errors import Conflict, Unavailable
from common.model.ids import NodeId
from common.model.shared import SharedSession
from developer_node.shared.exchanging import Exchanging
from developer_node.shared.replica import Replica
from tests.support.laptops import SharingLaptop, open_laptop
from tests.support.small_mesh import SmallMesh
from tests.support.waiting import until

P = "github.com/ada/thing"


@pytest.fixture
async def mesh(tmp_path: Path) -> AsyncGenerator[SmallMesh]:
    async with SmallMesh.open(tmp_path) as mesh:
        yield mesh


@pytest.fixture
async def laptops(mesh: SmallMesh) -> AsyncGenerator[tuple[SharingLaptop, SharingLaptop]]:
    async with open_laptop(mesh, "desk") as desk, open_laptop(mesh, "sofa") as sofa:
        yield desk, sofa


async def test_settings_notes_and_pins_edited_offline_converge(
    mesh: SmallMesh, laptops: tuple[SharingLaptop, SharingLaptop]
) -> None:
    desk, sofa = laptops
    note = await desk.replica.put("note", P, "", "one\ntwo\nthree\n")
    await desk.replica.put("setting", P, "answers.note", "before")
    await desk.exchange()
    await sofa.exchange()
    await mesh.stop()
    for each in laptops:
        with pytest.raises(Unavailable):
            await each.exchanging.exchange()
    await desk.replica.put("setting", P, "autonomy", "observer")
    await desk.replica.put("pin", P, "a.py", "")
    await desk.replica.put("note", "", note.key, "ONE\ntwo\nthree\n")
    await sofa.replica.put("setting", P, "answers.note", "after")
    await sofa.replica.put("pin", P, "b.py", "")
    await sofa.replica.put("note", "", note.key, "one\ntwo\nthree\nfour\n")
    assert desk.replica.waiting == sofa.replica.waiting == 3
    await mesh.start()
    for each in (desk, sofa, desk):
        await each.exchange()
    for each in laptops:
        assert each.values() == {"autonomy": "observer", "answers.note": "after"}
        assert each.values("pin") == {"a.py": "", "b.py": ""}
        assert each.replica.item("note", "", note.key).value == "ONE\ntwo\nthree\nfour\n"
        assert each.replica.waiting == 0


async def test_of_one_setting_set_on_both_the_later_holds_and_the_other_is_shown_with_who(
    laptops: tuple[SharingLaptop, SharingLaptop],
) -> None:
    desk, sofa = laptops
    sofa.clock.shift_ms = 5_000
    await sofa.replica.put("setting", P, "autonomy", "notifier")
    await desk.replica.put("setting", P, "autonomy", "observer")
    for each in (desk, sofa, desk):
        await each.exchange()
    for each in laptops:
        (item,) = each.replica.items("setting", P)
        assert (item.value, item.who) == ("notifier", "sofa")
        assert [(lost.value, lost.who) for lost in item.lost] == [("observer", "desk")]
    await desk.replica.put("setting", P, "autonomy", "observer")
    await desk.exchange()
    await sofa.exchange()
    assert sofa.replica.items("setting", P)[0].lost == ()


async def test_a_note_removed_on_one_and_edited_on_the_other_is_not_gone_unseen(
    laptops: tuple[SharingLaptop, SharingLaptop],
) -> None:
    desk, sofa = laptops
    note = await desk.replica.put("note", P, "", "text\n")
    await desk.exchange()
    await sofa.exchange()
    desk.clock.shift_ms = 5_000
    await desk.replica.remove("note", "", note.key)
    await sofa.replica.put("note", "", note.key, "text\nmore\n")
    for each in (desk, sofa, desk):
        await each.exchange()
    for each in laptops:
        found = each.replica.item("note", "", note.key)
        assert found.removed
        assert [lost.who for lost in found.lost] == ["sofa"]
        assert found.value == "text\nmore\n"
    await desk.replica.put("note", "", note.key, "text\nmore\n")
    await desk.exchange()
    await sofa.exchange()
    assert not sofa.replica.item("note", "", note.key).removed


async def test_only_what_the_other_lacks_is_told_again(
    laptops: tuple[SharingLaptop, SharingLaptop],
) -> None:
    desk, sofa = laptops
    for n in range(200):
        await desk.replica.put("pin", P, f"file{n}.py", "")
    await desk.exchange()
    await sofa.exchange()
    await desk.replica.put("pin", P, "new.py", "")
    assert [each.name.key for each in desk.replica.unsent().entries] == ["new.py"]
    await desk.exchange()
    told = await sofa.sync.exchange(sofa.replica.unsent(), sofa.replica.vector, sofa.clock.now_ms())
    assert [each.name.key for each in told.delta.entries] == ["new.py"]


async def test_a_clock_an_hour_ahead_exchanges_nothing_and_once_it_is_set_all_of_it(
    laptops: tuple[SharingLaptop, SharingLaptop],
) -> None:
    desk, sofa = laptops
    desk.clock.shift_ms = 3_600_000
    await desk.replica.put("setting", P, "autonomy", "observer")
    with pytest.raises(Conflict, match="ahead of the Coordinator's") as refused:
        await desk.exchanging.exchange()
    assert "Set the clock" in refused.value.hint
    assert desk.replica.waiting == 1
    desk.clock.shift_ms = 0
    await desk.exchange()
    assert desk.replica.waiting == 0
    await sofa.replica.put("setting", P, "autonomy", "notifier")
    await sofa.exchange()
    await desk.exchange()
    assert desk.values() == {"autonomy": "notifier"}  # not outvoted by an hour that never was


async def test_a_replica_that_is_gone_is_told_everything(
    mesh: SmallMesh, laptops: tuple[SharingLaptop, SharingLaptop]
) -> None:
    desk, _ = laptops
    await desk.replica.put("setting", P, "autonomy", "observer")
    await desk.exchange()
    async with open_laptop(mesh, "new") as new:
        await new.exchange()
        assert new.values() == {"autonomy": "observer"}
        assert new.replica.items("setting", P)[0].who == "desk"


async def test_a_laptop_whose_file_is_gone_gets_its_own_edits_back(mesh: SmallMesh) -> None:
    async with open_laptop(mesh, "desk") as desk:
        await desk.replica.put("pin", P, "a.py", "")
        await desk.exchange()
    mesh.directory("desk").parent.joinpath("shared.db").unlink()
    async with open_laptop(mesh, "desk") as desk:
        await desk.replica.put("pin", P, "b.py", "")
        await desk.exchange()
        assert set(desk.values("pin")) == {"a.py", "b.py"}


async def test_a_file_that_is_put_back_from_a_copy_loses_neither_the_newer_nor_what_waits(
    mesh: SmallMesh, tmp_path: Path
) -> None:
    file, copy = mesh.directory("desk").parent / "shared.db", tmp_path / "copy.db"
    async with open_laptop(mesh, "desk") as desk:
        await desk.replica.put("pin", P, "before.py", "")
        await desk.exchange()
    shutil.copy(file, copy)
    async with open_laptop(mesh, "desk") as desk:
        await desk.replica.put("pin", P, "newer.py", "")
        await desk.exchange()
    shutil.copy(copy, file)
    async with open_laptop(mesh, "desk") as desk, open_laptop(mesh, "sofa") as sofa:
        await desk.replica.put("pin", P, "waits.py", "")
        await desk.exchange()
        await sofa.exchange()
        expected = {"before.py", "newer.py", "waits.py"}
        assert set(desk.values("pin")) == set(sofa.values("pin")) == expected
        assert desk.replica.waiting == 0


async def test_two_machines_of_one_name_are_told_apart(mesh: SmallMesh, tmp_path: Path) -> None:
    async with (
        open_laptop(mesh, "desk") as desk,
        Replica.open(tmp_path / "other.db", NodeId("f" * 16), desk.clock, "desk") as other,
    ):
        await desk.exchange()
        await Exchanging(other, desk.sync, desk.clock).exchange()
        await desk.exchange()
        assert desk.replica.names == other.names
        assert set(other.names.values()) == {f"desk {desk.replica.me[:4]}", "desk ffff"}


async def test_loops_bring_an_edit_over_without_being_asked(
    laptops: tuple[SharingLaptop, SharingLaptop],
) -> None:
    desk, sofa = laptops
    async with alongside(desk.exchanging.run(), sofa.exchanging.run()):
        await until(lambda: bool(desk.replica.exchanged_ms and sofa.replica.exchanged_ms))
        await desk.replica.put("pin", P, "a.py", "")
        await until(lambda: "a.py" in sofa.values("pin"))
        await sofa.replica.remove("pin", P, "a.py")
        await until(lambda: "a.py" not in desk.values("pin"))
    assert desk.exchanging.sentence == sofa.exchanging.sentence == ""


async def test_without_a_coordinator_it_is_said_and_afterwards_no_more(mesh: SmallMesh) -> None:
    async with open_laptop(mesh, "desk") as desk:
        await mesh.stop()
        async with alongside(desk.exchanging.run()):
            await desk.replica.put("pin", P, "a.py", "")
            await until(lambda: "waits here" in desk.exchanging.sentence)
            await mesh.start()
            await until(lambda: desk.replica.waiting == 0 and not desk.exchanging.sentence)


async def test_a_session_has_one_writer_and_the_one_before_it_is_refused(
    laptops: tuple[SharingLaptop, SharingLaptop],
) -> None:
    desk, sofa = laptops
    old = await desk.sync.take(P, 0, hand_over=False)
    await desk.sync.append(SharedSession(P, epoch=old, machine="desk", branch="one"))
    with pytest.raises(Conflict):
        await sofa.sync.take(P, 0, hand_over=False)
    new = await sofa.sync.take(P, 0, hand_over=True)
    await sofa.sync.append(SharedSession(P, epoch=new, machine="sofa", branch="two"))
    with pytest.raises(Conflict, match="was left"):
        await desk.sync.append(SharedSession(P, epoch=old, machine="desk", branch="late"))
    heard = await desk.sync.read(P, 0)
    assert [(each.machine, each.branch) for each in heard] == [("desk", "one"), ("sofa", "two")]
    assert [each.machine for each in await desk.sync.sessions()] == ["sofa"]
