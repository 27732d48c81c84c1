"""What is shared has its effect: pins and the note in the work context, and a shared ceiling."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from common.clock import SystemClock
from common.model.ids import NodeId, WorkingCopyId
from common.model.laptop import ContextEdit
from developer_node.shared.replica import Replica
from developer_node.shared.seen import SharedReception
from developer_node.shared.wishes import SharedWishes
from developer_node.text.shared_scope import scope_of
from developer_node.working import WorkContexts
from tests.support.repository import Repository

COPIES = {"/w/thing": WorkingCopyId("a1" * 8), "/w/alone": WorkingCopyId("b2" * 8)}
P = "github.com/ada/thing"


def scope(path: str) -> str:
    return P if path.startswith("/w/thing") else ""


@pytest.fixture
async def replica(tmp_path: Path) -> AsyncGenerator[Replica]:
    path = tmp_path / "shared.db"
    async with Replica.open(path, NodeId("a" * 16), SystemClock(), "desk") as replica:
        yield replica


@pytest.fixture
def work(tmp_path: Path, replica: Replica) -> WorkContexts:
    wishes = SharedWishes(replica, scope)
    return WorkContexts(tmp_path, lambda: COPIES, lambda _: ("main", ""), SystemClock(), wishes)


def pins(replica: Replica) -> list[str]:
    return [each.key for each in replica.items("pin", P)]


async def test_a_pin_of_another_laptop_is_in_the_context(
    work: WorkContexts, replica: Replica
) -> None:
    await replica.put("pin", P, "a.py:10-20", "")
    await replica.put("setting", "", "answers.note", "for all")
    found = await work.get("/w/thing")
    assert (found.pinned, found.note) == (("a.py",), "for all")
    assert (await work.get("/w/alone")).pinned == ()


async def test_what_is_pinned_in_the_context_is_pinned_on_every_laptop(
    work: WorkContexts, replica: Replica
) -> None:
    await work.set(ContextEdit("/w/thing", ("a.py", "b.py"), (), ""))
    assert pins(replica) == ["a.py", "b.py"]
    await work.set(ContextEdit("/w/thing", ("b.py",), (), ""))
    assert pins(replica) == ["b.py"]
    assert (await work.get("/w/thing")).pinned == ("b.py",)


async def test_what_one_laptop_leaves_out_stays_pinned_on_the_others(
    work: WorkContexts, replica: Replica
) -> None:
    await replica.put("pin", P, "a.py", "")
    await work.set(ContextEdit("/w/thing", (), ("a.py",), ""))
    assert (await work.get("/w/thing")).pinned == ()
    assert pins(replica) == ["a.py"]


async def test_a_repository_without_a_remote_keeps_its_pins_to_itself(
    work: WorkContexts, replica: Replica
) -> None:
    await work.set(ContextEdit("/w/alone", ("a.py",), (), ""))
    assert (await work.get("/w/alone")).pinned == ("a.py",)
    assert replica.items("pin", every=True) == []


async def test_a_note_that_is_shared_does_not_become_this_laptops_own(
    work: WorkContexts, replica: Replica
) -> None:
    await replica.put("setting", P, "answers.note", "shared")
    shown = await work.get("/w/thing")
    await work.set(ContextEdit("/w/thing", shown.pinned, shown.excluded, shown.note))
    await replica.put("setting", P, "answers.note", "changed")
    assert (await work.get("/w/thing")).note == "changed"
    await work.set(ContextEdit("/w/thing", (), (), "own"))
    assert (await work.get("/w/thing")).note == "own"


async def test_the_lesser_of_the_project_and_everywhere_is_the_ceiling(replica: Replica) -> None:
    wishes = SharedWishes(replica, scope)
    assert wishes.ceiling("/w/thing") is None
    await replica.put("setting", "", "autonomy", "advisor")
    assert wishes.ceiling("") == wishes.ceiling("/w/thing") == "advisor"
    await replica.put("setting", P, "autonomy", "observer")
    assert wishes.ceiling("/w/thing/src") == "observer"
    assert wishes.ceiling("/w/alone") == "advisor"
    await replica.put("setting", P, "autonomy", "pair-programmer")
    assert wishes.ceiling("/w/thing") == "advisor"


async def test_a_card_that_was_put_off_is_known_to_be(replica: Replica) -> None:
    class Dragon:
        snoozed: tuple[str, int] = ("", 0)

        async def snooze(self, suggestion_id: str, until_ms: int) -> None:
            self.snoozed = (suggestion_id, until_ms)

        async def card_stats(self, project: str = ""):
            return ()

        async def quiet(self, project: str, quiet: bool) -> None:
            pass

    dragon = Dragon()
    assert not replica.seen("card")
    await SharedReception(dragon, replica).snooze("card", 5)
    assert replica.seen("card")
    assert dragon.snoozed == ("card", 5)


@pytest.mark.parametrize(
    ("remotes", "found"),
    [
        ((("origin", "git@github.com:ada/thing.git"),), P),
        ((("mine", "https://github.com/ada/thing"),), P),
        ((("up", "https://github.com/x/thing"), ("origin", "ssh://git@github.com/ada/thing")), P),
        ((("one", "https://github.com/x/thing"), ("two", "https://github.com/y/thing")), ""),
        ((("origin", "/srv/thing.git"),), ""),
        ((), ""),
    ],
)
def test_a_project_is_named_as_its_remote(
    tmp_path: Path, remotes: tuple[tuple[str, str], ...], found: str
) -> None:
    repository = Repository.make(tmp_path / "r")
    for name, url in remotes:
        repository.git("remote", "add", name, url)
    assert scope_of(repository.root) == found
