"""A remedy is confirmed when it alone turns the failing tree green; else it says why not."""

from __future__ import annotations

import pytest

from tests.support.proofs import BROKEN, MENDED, World

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
