"""How fresh each working copy is: told by its id, because paths repeat on other machines."""

from __future__ import annotations

from pathlib import Path

from tests.support.lake import COPY, OTHER_COPY, Laptop, contents, event, opened, saved, seen


async def test_clones_at_the_same_path_on_two_laptops_are_told_apart(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.send(event(seen(head="c1", files=1), COPY))
        await laptop.send(event(saved("a.py", "x = 1\n"), COPY), blobs=contents("x = 1\n"))
        await laptop.send(event(seen(head="c2", files=5), OTHER_COPY))
        copies = {c.copy: c for c in (await lake.freshness("thing")).projects}
    assert {c.machine for c in copies.values()} == {seen().machine}
    assert {c.working_copy for c in copies.values()} == {"/home/ada/thing"}
    assert (copies[COPY].head_commit, copies[COPY].files_behind) == ("c1", 0)
    assert (copies[OTHER_COPY].head_commit, copies[OTHER_COPY].files_behind) == ("c2", 5)


async def test_the_laptop_of_a_copy_is_known_after_a_restart_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        await Laptop(lake).send(event(seen(head="c1", files=1), COPY))
    async with opened(tmp_path) as lake:
        (known,) = (await lake.freshness("thing")).projects
    assert known.machine == seen().machine
