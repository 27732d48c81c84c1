"""Away: what the laptop says without the Dragon, that it says so, and that nothing is lost."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.support.mesh import Mesh, until
from tests.support.repository import Repository

WAIT_S = 60.0
"""Generous: what is waited for is a state, and a loaded machine reaches it late."""


def eventually(ask: Callable[[], Any], holds: Callable[[Any], bool], mesh: Mesh) -> Any:
    """The first answer of which that holds."""
    answer: Any = None
    for _ in until(WAIT_S):
        answer = ask()
        if holds(answer):
            return answer
    raise AssertionError(f"{answer}\n{mesh.logs()}")


def mirrored(mesh: Mesh, remedy: str) -> None:
    """Returns once the mirror has the Dragon's memory and, in it, what was just seen."""
    eventually(
        lambda: mesh.json("status", "--json")["near"],
        lambda near: near is not None and near["symptoms"] > 0,
        mesh,
    )


def is_away(answer: Any) -> bool:
    """Whether it says that the Dragon did not give it."""
    return answer["freshness"]["away"] is not None


@contextmanager
def stopped(mesh: Mesh, role: str) -> Generator[None]:
    """A process that neither answers nor closes its connections."""
    process = psutil.Process(mesh.pid(role))
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def test_search_goes_on_through_the_files_here_and_what_it_cites_opens(
    mesh: Mesh, tmp_path: Path
) -> None:
    repository = Repository.make(tmp_path / "thing")
    repository.write(".gitignore", "ignored.py\n")
    repository.write("ignored.py", "def total_of_nobody(): ...\n")
    mesh.up(repository.root)
    assert not is_away(mesh.json("search", "--json", "--literal", "def total"))
    mesh.kill("dragon")
    found = mesh.json("search", "--json", "--literal", "def total")
    assert [hit["path"] for hit in found["hits"]] == ["calculator.py"]
    assert found["freshness"]["away"]["source"] == "files"
    by_words = mesh.json("search", "--json", "where is the total")
    assert by_words["hits"][0]["path"] == "calculator.py"
    assert any("Meaning was not searched" in said for said in by_words["freshness"]["not_asked"])
    text = mesh.postdevai("search", "where is the total").stdout
    assert text.startswith("The Dragon is away since ")
    opened = mesh.json("open", "--json", found["hits"][0]["blob"])
    assert "def total" in opened["text"]
    asked = mesh.json("ask", "--json", "where is the total")
    assert asked["away"] is True
    assert asked["citations"][0]["path"] == "calculator.py"
    assert "No local model is set" in asked["without_model"]
