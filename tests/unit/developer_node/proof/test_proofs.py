"""A remedy is confirmed when it alone turns the failing tree green; else it says why not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from common.model.remedy import ProofTarget
from tests.support.proofs import BROKEN, MENDED, TEST, World, git

pytestmark = pytest.mark.usefixtures("sandboxed")


def _break_and_mend(world: World) -> None:
    """Between two commits, as most people do: no commit ever holds the failing tree."""
    world.write({"calc.py": BROKEN})
    failed = world.run()
    assert failed.failures
    world.write({"calc.py": MENDED})
    world.remember(failed, world.run())


async def test_a_remedy_between_two_commits_is_confirmed(world: World) -> None:
    _break_and_mend(world)
    proof = await world.prove()
    assert (proof.verdict, proof.reason) == ("confirmed", "")
    assert (proof.red, proof.green, proof.runs) == (3, 3, 3)
    assert proof.test == "test_calc.py::test_add"
    assert "no network" in proof.sandbox
    assert "assert -1 == 5" in proof.output.text
    assert [event.body for event, _ in world.recorded] == [proof]


async def test_nothing_of_the_persons_changes(world: World) -> None:
    """Their files, index, refs and objects are only read."""
    _break_and_mend(world)
    world.write({"staged.py": "s = 1\n"})
    git(world.root, "add", "staged.py")
    before = _listing(world.root)
    assert (await world.prove()).verdict == "confirmed"
    assert _listing(world.root) == before
    assert list((world.home / "developer" / "proofs").iterdir()) == []


async def test_a_change_that_was_not_the_remedy_does_not_turn_it_green(world: World) -> None:
    world.write({"calc.py": BROKEN})
    failed = world.run()
    world.write({"calc.py": "def add(a, b):\n    return a * b\n"})
    world.remember(failed, world.run())
    proof = await world.prove()
    assert (proof.verdict, proof.red, proof.green) == ("unproven", 3, 0)
    assert proof.reason == "it fails in the same way with the remedy"


async def test_a_failure_that_the_files_do_not_hold_is_not_seen_again(world: World) -> None:
    """What made it fail was not in the tree, such as a service that was down."""
    world.write(
        {"test_calc.py": "import os\n\ndef test_up():\n    assert 'DOWN' not in os.environ\n"}
    )
    os.environ["DOWN"] = "1"
    try:
        failed = world.run()
    finally:
        del os.environ["DOWN"]
    world.write({"calc.py": MENDED + "\n"})
    world.remember(failed, world.run())
    proof = await world.prove()
    assert (proof.verdict, proof.red, proof.green) == ("unproven", 0, 0)
    assert proof.reason == (
        "the rebuilt tree does not fail: something that was not recorded made it fail then"
        " (set otherwise then: DOWN)"
    )


async def test_a_fix_of_the_past_is_red_on_its_parent_and_green_on_itself(world: World) -> None:
    world.write({"calc.py": BROKEN, "test_calc.py": "def test_nothing():\n    pass\n"})
    world.commit("break it")
    world.write({"calc.py": MENDED, "test_calc.py": TEST})
    fix = world.commit("Fix add")
    world.write({"calc.py": "later work\n"})
    target = ProofTarget(path=str(world.root), commit=fix, consent=True)
    progress, proof = await world.steps(target)
    assert (proof.verdict, proof.reason, proof.red, proof.green) == ("confirmed", "", 3, 3)
    assert (proof.remedy_id, proof.commit, proof.test) == ("", fix, "test_calc.py::test_add")
    assert proof.fingerprint
    assert [p.stage for p in progress] == ["rebuilding", *["red"] * 3, *["green"] * 3, "done"]


async def test_a_commit_whose_tests_pass_before_it_too_is_no_proof(world: World) -> None:
    world.write({"calc.py": MENDED + "\n# neater\n", "test_calc.py": TEST + "\n# neater\n"})
    fix = world.commit("Fix style")
    proof = await world.prove(ProofTarget(path=str(world.root), commit=fix, consent=True))
    assert proof.verdict == "unproven"
    assert proof.reason.startswith("its tests pass on the commit before it too")


async def test_a_copy_in_site_packages_that_was_tested_instead_is_found(world: World) -> None:
    """The pass would say nothing of the remedy."""
    world.write({"installed/site-packages/pkg/__init__.py": "", "pkg/__init__.py": ""})
    world.write({"installed/site-packages/pkg/calc.py": MENDED, "pkg/calc.py": MENDED})
    use = "import os, sys\nsys.path.insert(0, os.path.abspath('installed/site-packages'))\n"
    broken = (
        f"{use}from pkg.calc import add\nimport flag\n\n\ndef test_add():\n    assert flag.up\n"
    )
    world.write({"test_calc.py": broken, "flag.py": "up = False\n"})
    world.commit()
    failed = world.run()
    world.write({"flag.py": "up = True\n", "pkg/calc.py": MENDED + "\n"})
    world.remember(failed, world.run())
    proof = await world.prove()
    assert (proof.verdict, proof.red, proof.green) == ("unproven", 3, 0)
    assert proof.reason.startswith("pkg/calc.py was not tested: ")
    assert "site-packages/pkg/calc.py was loaded in its place" in proof.reason


def _listing(root: Path) -> dict[str, tuple[int, bytes]]:
    found = (p for p in root.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in found}
