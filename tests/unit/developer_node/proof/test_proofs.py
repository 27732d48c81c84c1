"""A remedy is confirmed when it alone turns the failing tree green; else it says why not."""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import Denied, Missing
from common.model.event import PathChange
from common.model.failure import Failure, RemedyKind
from common.model.ids import Fingerprint, WorkingCopyId
from common.model.remedy import ProofProgress, ProofTarget
from tests.support.proofs import BROKEN, COMMAND, MENDED, SCRIPT, TEST, World, git, until_begun

pytestmark = pytest.mark.usefixtures("sandboxed")


def _break_and_mend(world: World, command: str = COMMAND) -> None:
    """Between two commits, as most people do: no commit ever holds the failing tree."""
    world.write({"calc.py": BROKEN})
    failed = world.run(command)
    assert failed.failures
    world.write({"calc.py": MENDED})
    world.remember(failed, world.run(command))


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
    _break_and_mend(world, SCRIPT)
    world.write({"staged.py": "s = 1\n"})
    git(world.root, "add", "staged.py")
    before = _listing(world.root)
    assert (await world.prove()).verdict == "confirmed"
    assert _listing(world.root) == before
    assert list((world.home / "developer" / "proofs").iterdir()) == []


async def test_a_change_that_was_not_the_remedy_does_not_turn_it_green(world: World) -> None:
    world.write({"calc.py": BROKEN})
    failed = world.run(SCRIPT)
    world.write({"calc.py": "def add(a, b):\n    return a * b\n"})
    world.remember(failed, world.run(SCRIPT))
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
    broken = f"{use}from pkg.calc import add\nimport flag\n\nassert flag.up\n"
    world.write({"check.py": broken, "flag.py": "up = False\n"})
    world.commit()
    failed = world.run(SCRIPT)
    world.write({"flag.py": "up = True\n", "pkg/calc.py": MENDED + "\n"})
    world.remember(failed, world.run(SCRIPT))
    proof = await world.prove()
    assert (proof.verdict, proof.red, proof.green) == ("unproven", 3, 0)
    assert proof.reason.startswith("pkg/calc.py was not tested: ")
    assert "site-packages/pkg/calc.py was loaded in its place" in proof.reason


def _listing(root: Path) -> dict[str, tuple[int, bytes]]:
    found = (p for p in root.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in found}


async def test_a_crash_without_a_test_is_proven_by_its_command(world: World) -> None:
    """In a directory below the root, through an install that names the person's own path."""
    world.write({"sub/run.py": f"import sys\nsys.path.insert(0, '{world.root}/src')\nimport pkg\n"})
    world.write({"src/pkg.py": "print({}['missing'])\n"})
    failed = world.run("python run.py", world.root / "sub")
    world.write({"src/pkg.py": "print({'missing': 1}['missing'])\n"})
    world.remember(failed, world.run("python run.py", world.root / "sub"))
    proof = await world.prove()
    assert (proof.verdict, proof.reason) == ("confirmed", "")
    assert proof.command == "python run.py"


async def test_a_tree_that_was_not_recorded_in_full_is_never_run(world: World) -> None:
    world.write({"calc.py": f"KEY = 'ghp_{'a1B2' * 9}'\n{BROKEN}"})
    failed = world.run(SCRIPT)
    world.write({"calc.py": MENDED})
    world.remember(failed, world.run(SCRIPT))
    proof = await world.prove()
    assert (proof.verdict, proof.red, proof.green) == ("unproven", 0, 0)
    assert proof.reason == "calc.py was recorded without a secret that stood in it"
    assert proof.output.text == ""


@pytest.mark.parametrize(
    ("kind", "said"),
    [("dependency", "without network"), ("environment", "cannot be done again")],
)
async def test_what_is_no_code_cannot_be_tried_and_says_so(
    world: World, kind: RemedyKind, said: str
) -> None:
    world.held = world.material(world.run("true"), (), kind, _anything())
    proof = await world.prove()
    assert proof.verdict == "unproven"
    assert said in proof.reason


async def test_closing_a_proof_ends_its_processes_and_leaves_no_files(world: World) -> None:
    hangs = f"out = open('{world.root}/.venv/held', 'w')\nprint('begun', file=out, flush=True)\n"
    world.write({"hang.py": f"{hangs}import time\ntime.sleep(4715)\n"})
    world.write({".venv/keep": ""})
    failed = world.run(SCRIPT)
    remedy = (PathChange("hang.py", git(world.root, "hash-object", "hang.py"), ""),)
    held = world.material(failed, remedy, failure=_anything())
    world.held = replace(held, command="python hang.py")
    seen: list[str] = []
    task = asyncio.create_task(_follow(world, seen))
    async with until_begun(world.root / ".venv" / "held") as end:
        task.cancel()
        assert await end.read() == b""
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["rebuilding", "red"]
    assert list((world.home / "developer" / "proofs").iterdir()) == []
    assert world.recorded == []


async def test_nothing_is_run_without_consent(world: World) -> None:
    with pytest.raises(Denied, match="needs your consent"):
        await world.prove(ProofTarget(remedy_id="r1"))


async def test_a_failure_of_another_machine_is_proven_there(world: World) -> None:
    world.write({"calc.py": BROKEN})
    failed = world.run("python calc.py x")
    held = world.material(failed, (), failure=_anything())
    world.held = replace(held, working_copy=WorkingCopyId("elsewhere"), root="/not/here")
    with pytest.raises(Missing, match="it failed in /not/here, which is not here"):
        await world.prove()


async def test_a_proof_outside_python_says_what_was_not_looked_at(world: World) -> None:
    world.write({"add.js": "a - b\n", "check.py": "assert '+' in open('add.js').read(), 'five'\n"})
    world.commit()
    failed = world.run(SCRIPT)
    world.write({"add.js": "a + b\n"})
    world.remember(failed, world.run(SCRIPT))
    proof = await world.prove()
    assert proof.verdict == "confirmed"
    assert "no network" in proof.sandbox
    assert "outside Python, such as add.js, it was not looked at" in proof.sandbox


MUL = "\n\ndef mul(a, b):\n    return a * b\n"


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        (
            "from calc import mul\n\n\ndef test_mul():\n    assert mul(2, 3) == 6\n",
            "its test cannot even be loaded before it: it brings something new (mul)",
        ),
        (
            "import calc\n\n\ndef test_mul():\n    assert calc.mul(2, 3) == 6\n",
            "its test asks for mul, which is not there before it: it brings something new",
        ),
    ],
)
async def test_a_new_function_with_its_test_is_no_fix(world: World, test: str, reason: str) -> None:
    world.write({"calc.py": MENDED + MUL, "test_calc.py": test})
    commit = world.commit("Fix what mul should be")
    proof = await world.prove(ProofTarget(path=str(world.root), commit=commit, consent=True))
    assert (proof.verdict, proof.reason) == ("unproven", reason)


async def test_a_commit_that_is_not_there_or_is_a_merge_is_refused(world: World) -> None:
    root = str(world.root)
    with pytest.raises(Missing, match="there is no commit"):
        await world.prove(ProofTarget(path=root, commit="0" * 40, consent=True))
    with pytest.raises(Missing, match="has 0 parents"):
        await world.prove(ProofTarget(path=root, commit="HEAD", consent=True))


def _anything() -> Failure:
    return Failure("python", "KeyError", "runtime", "", "", fingerprint=Fingerprint("f"))


async def _follow(world: World, seen: list[str]) -> None:
    proof = world.proofs().prove(ProofTarget(remedy_id="r1", consent=True))
    async with aclosing(proof):
        async for step in proof:
            assert isinstance(step.step, ProofProgress)
            seen.append(step.step.stage)
