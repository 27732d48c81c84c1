"""Real machines, each a network namespace: a cable is cut and mended, and nothing is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.machines import Machine, allowed, open_lan
from tests.support.mesh import until
from tests.support.repository import Repository

pytestmark = [
    pytest.mark.skipif(not allowed(), reason="network namespaces cannot be made here"),
    pytest.mark.timeout(300),
]
Two = tuple[Machine, Machine]


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    """A studio with Coordinator and Dragon, and a laptop that joined."""
    with open_lan() as lan:
        models = {"POSTDEVAI_MODELS": str(tmp_path / "no-models")}
        studio = Machine(lan, "studio", tmp_path / "studio", **models)
        laptop = Machine(lan, "laptop", tmp_path / "laptop", **models)
        try:
            done = studio.postdevai("up", "--host", "all", "--detach")
            assert done.returncode == 0, done.stdout + done.stderr + studio.logs()
            code = studio.postdevai("invite", "developer").stdout.strip()
            joined = laptop.postdevai("join", code)
            assert joined.returncode == 0, joined.stdout + joined.stderr + laptop.logs()
            yield studio, laptop
        finally:
            laptop.close()
            studio.close()


def ran(laptop: Machine, repository: Repository, words: str) -> None:
    done = laptop.postdevai("run", "--", "sh", "-c", words, cwd=repository.root)
    assert done.returncode == 0, done.stderr


def remembered(machine: Machine) -> list[str]:
    """By the Dragon, oldest first; nothing while that cannot be asked."""
    done = machine.postdevai("history", "--json", "--kind", "command", "--limit", "100")
    if done.returncode or '"away": true' in done.stdout:
        return []
    told = machine.json("history", "--json", "--kind", "command", "--limit", "100")
    return [event["command"] for event in reversed(told["events"])]


def test_what_a_laptop_records_without_a_network_arrives_when_it_is_back(
    two: Two, tmp_path: Path
) -> None:
    studio, laptop = two
    repository = Repository.make(tmp_path / "calculator")
    laptop.up(repository.root)
    ran(laptop, repository, "echo at home")
    wanted = ["sh -c 'echo at home'"]
    assert any(remembered(studio) == wanted for _ in until(60)), studio.logs() + laptop.logs()
    laptop.cut()
    for number in range(3):
        ran(laptop, repository, f"echo away {number}")
        wanted.append(f"sh -c 'echo away {number}'")
    assert remembered(studio) == wanted[:1]
    laptop.heal()
    assert any(remembered(studio) == wanted for _ in until(90)), studio.logs() + laptop.logs()
    assert any(remembered(laptop) == wanted for _ in until(60)), laptop.logs()


def test_a_machine_that_is_cut_off_is_gone_within_seconds_and_comes_back(two: Two) -> None:
    studio, laptop = two

    def state() -> str:
        nodes = studio.json("nodes", "--json")["nodes"]
        return next(n["state"] for n in nodes if n["machine"] == "laptop")

    assert any(state() == "serving" for _ in until(30)), studio.logs()
    laptop.cut()
    assert any(state() == "gone" for _ in until(30)), studio.logs()
    laptop.heal()
    assert any(state() == "serving" for _ in until(60)), studio.logs() + laptop.logs()
