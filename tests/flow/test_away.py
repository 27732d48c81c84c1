"""Away: what the laptop says without the Dragon, that it says so, and that nothing is lost."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Generator
from contextlib import aclosing, closing, contextmanager
from pathlib import Path
from typing import Any, cast

import apsw
import psutil
import pytest

from common.daemon.keys import sealing_key
from common.model.failure import Suggestion
from common.sealed_sqlite import unlock
from developer_node.front.local_client import LocalClient
from developer_node.near.rows import symptom_of
from tests.support.flowing import laptop
from tests.support.mesh import Mesh, until
from tests.support.repository import Repository
from tests.support.runs import BREAK, break_again, break_and_mend, fail

pytestmark = pytest.mark.timeout(300)

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


def mirrored(mesh: Mesh, commit: str) -> None:
    """Returns once the laptop's own memory holds the remedy with this commit."""
    eventually(lambda: held(mesh), lambda commits: commit in commits, mesh)


def held(mesh: Mesh) -> set[str]:
    """Commits of all remedies in the mirror's file."""
    file = mesh.home / "developer" / "near.db"
    with closing(apsw.Connection(str(file))) as db:
        db.set_busy_timeout(10_000)
        unlock(db, file, sealing_key(file.parent))
        bodies = [bytes(cast(bytes, row[0])) for row in db.execute("SELECT body FROM symptoms")]
    remedies = (r for body in bodies for r in symptom_of(body).recollection.remedies)
    return {remedy.commit for remedy in remedies}


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
    literal = ("search", "--json", "--literal", "def total")
    eventually(lambda: mesh.json(*literal), lambda found: not is_away(found), mesh)
    mesh.kill("dragon")
    found = mesh.json(*literal)
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


async def test_a_killed_dragon_is_remembered_for_and_hears_a_verdict_when_it_is_back(
    mesh: Mesh, tmp_path: Path
) -> None:
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    commit = break_and_mend(mesh, repository)
    mesh.recall_until_remedy(commit)
    mirrored(mesh, commit)
    mesh.kill("dragon")
    mesh.kill("coordinator")

    card = mesh.recall_last()
    assert [r["commit"] for r in card["remedies"]] == [commit]
    assert card["freshness"]["away"]["source"] == "mirror"
    assert mesh.postdevai("recall").stdout.startswith("The Dragon is away since ")
    past = mesh.json("history", "--json")
    assert past["events"] and past["freshness"]["away"]["source"] == "mirror"

    repository.replace("calculator.py", *BREAK)
    fail(mesh, repository)
    eventually(mesh.recall_last, lambda card: len(card["occurrences"]) == 2, mesh)
    async with laptop(mesh) as client:
        await client.feedback(card["remedies"][0]["id"], "accepted")
    card = mesh.recall_last()
    assert card["remedies"][0]["accepted"] is True
    assert mesh.json("status", "--json")["near"]["verdicts_waiting"] == 1

    mesh.up(repository.root)
    eventually(
        lambda: mesh.json("status", "--json")["near"],
        lambda near: not near["away"] and near["verdicts_waiting"] == 0,
        mesh,
    )
    back = eventually(
        mesh.recall_last, lambda card: not is_away(card) and len(card["occurrences"]) == 2, mesh
    )
    assert back["remedies"][0]["accepted"] is True, "the Dragon says so itself"


def test_a_dragon_that_hangs_keeps_nobody_waiting_and_is_asked_again_when_it_goes_on(
    mesh: Mesh, tmp_path: Path
) -> None:
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    commit = break_and_mend(mesh, repository)
    mesh.recall_until_remedy(commit)
    mirrored(mesh, commit)
    with stopped(mesh, "dragon"):
        card = eventually(mesh.recall_last, is_away, mesh)
        assert [r["commit"] for r in card["remedies"]] == [commit]
    eventually(mesh.recall_last, lambda card: not is_away(card), mesh)


async def test_what_fails_again_while_the_dragon_is_away_brings_a_card_that_says_so(
    mesh: Mesh, tmp_path: Path
) -> None:
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    commit = break_and_mend(mesh, repository)
    mesh.recall_until_remedy(commit)
    mirrored(mesh, commit)
    mesh.kill("dragon")
    break_again(mesh, repository)
    async with laptop(mesh) as client:
        near = await _card(client, labelled=True)
        assert [r.commit for r in near.recollection.remedies] == [commit]
        mesh.up(repository.root)
        own = await _card(client, labelled=False)
    assert own.id == near.id, "the Dragon's takes its place"


async def _card(client: LocalClient, *, labelled: bool) -> Suggestion:
    """The first of the feed that is (or is not) labelled."""
    async with asyncio.timeout(WAIT_S), aclosing(client.feed()) as items:
        async for item in items:
            card = item.item
            if isinstance(card, Suggestion):
                away = card.recollection.freshness.away
                if (away is not None) is labelled:
                    return card
    raise AssertionError("the feed ended")
