"""Files that are lost, restored or die under an answer: nothing is doubled, nothing is untrue."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from common.errors import Missing, Unavailable
from common.model.answer import AskRequest, AskText
from common.model.failure import Suggestion
from developer_node.front.local_client import LocalClient
from tests.support.flowing import Flow, emptied, everything, is_numbered, laptop
from tests.support.mesh import Mesh, until
from tests.support.repository import Repository
from tests.support.runs import break_again, break_and_mend

PAST = 20
AFTER = 10


def lose(database: Path) -> None:
    """The file and what SQLite keeps beside it."""
    for path in database.parent.glob(database.name + "*"):
        path.unlink()


def outbox(mesh: Mesh) -> Path:
    """What the laptop holds until the Dragon has it."""
    return mesh.home / "developer" / "outbox.db"


def found(mesh: Mesh, text: str) -> list[str]:
    """Paths of the lines with exactly this text."""
    said = mesh.json("search", "--json", "--literal", text, codes=(0, 1))
    return [hit["path"] for hit in said["hits"]]


def until_found(mesh: Mesh, text: str, wanted: list[str]) -> None:
    """Files are watched, not called."""
    paths: list[str] = []
    for _ in until(30):
        paths = found(mesh, text)
        if paths == wanted:
            return
    raise AssertionError(f"{text} is in {paths}, not in {wanted}\n{mesh.logs()}")


async def check_numbers(mesh: Mesh, first: int, last: int) -> set[str]:
    """Every numbered event of these, once, in order; the identities of all events."""
    async with laptop(mesh) as client:
        entries = await everything(client)
    numbers = [int(entry.event.id, 16) for entry in entries if is_numbered(entry)]
    assert numbers == list(range(first, last + 1))
    ids = [entry.event.id for entry in entries]
    assert len(ids) == len(set(ids))
    return set(ids)


async def test_a_deleted_outbox_loses_nothing_that_was_acknowledged(
    mesh: Mesh, tmp_path: Path
) -> None:
    repository = Repository.make(tmp_path / "thing")
    repository.write("leaving.py", "will_be_gone = 1\n")
    mesh.up(repository.root)
    flow = Flow(mesh, repository.root)
    commit = break_and_mend(mesh, repository)
    flow.write(PAST)
    emptied(mesh)
    before = await check_numbers(mesh, 1, PAST)
    mesh.down()
    lose(outbox(mesh))
    (repository.root / "leaving.py").unlink()
    repository.write("coming.py", "has_come = 1\n")
    mesh.up(repository.root)
    flow.write(AFTER)
    emptied(mesh)
    assert before <= await check_numbers(mesh, 1, PAST + AFTER)
    until_found(mesh, "has_come", ["coming.py"])
    until_found(mesh, "def total", ["calculator.py"])
    until_found(mesh, "will_be_gone", [])
    assert [r["commit"] for r in mesh.recall_until_remedy(commit)["remedies"]] == [commit]
    assert mesh.json("status", "--json")["outbox"]["gaps"] == 0


@pytest.mark.crash
async def test_an_older_copy_of_the_outbox_starts_a_new_origin(mesh: Mesh, tmp_path: Path) -> None:
    """The copy holds records that arrived after it was taken, and knows files that have gone."""
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    flow = Flow(mesh, repository.root)
    flow.write(PAST)
    emptied(mesh)
    mesh.kill("dragon")
    at = flow.recorded()
    flow.write(AFTER)
    for _ in until(30):
        if flow.recorded() == at + AFTER:
            break
    mesh.down()
    copy = tmp_path / "older.db"
    shutil.copy(outbox(mesh), copy)
    mesh.up(repository.root)
    repository.write("passing.py", "was_here_between = 1\n")
    until_found(mesh, "was_here_between", ["passing.py"])
    flow.write(AFTER)
    emptied(mesh)
    before = await check_numbers(mesh, 1, PAST + 2 * AFTER)
    mesh.down()
    lose(outbox(mesh))
    shutil.copy(copy, outbox(mesh))
    (repository.root / "passing.py").unlink()
    mesh.up(repository.root)
    flow.write(AFTER)
    emptied(mesh)
    assert before <= await check_numbers(mesh, 1, PAST + 3 * AFTER)
    until_found(mesh, "was_here_between", [])
    assert "starts a new origin" in (mesh.home / "developer" / "developer.log").read_text()
    async with laptop(mesh) as client:
        lake = (await client.status()).lake
    assert lake is not None
    assert [origin.missing for origin in lake.origins] == [0, 0]


@pytest.mark.parametrize(
    ("ram", "generations"), [("kept", "kept"), ("lost", "kept"), ("kept", "lost")]
)
async def test_a_lost_journal_costs_nothing_that_memory_or_a_generation_has(
    mesh: Mesh, tmp_path: Path, ram: str, generations: str
) -> None:
    """An orderly stop leaves one, and the RAM disk may have outlived it."""
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    flow = Flow(mesh, repository.root)
    commit = break_and_mend(mesh, repository)
    flow.write(PAST)
    emptied(mesh)
    mesh.down(*(["--free"] if ram == "lost" else []))
    lose(mesh.home / "dragon" / "journal.db")
    if generations == "lost":
        shutil.rmtree(mesh.home / "dragon" / "generations")
    mesh.up(repository.root)
    flow.write(AFTER)
    emptied(mesh)
    await check_numbers(mesh, 1, PAST + AFTER)
    until_found(mesh, "def total", ["calculator.py"])
    assert [r["commit"] for r in mesh.recall_until_remedy(commit)["remedies"]] == [commit]
    assert "journal.db was lost" in (mesh.home / "dragon" / "dragon.log").read_text()


async def test_a_lost_journal_and_nothing_left_is_said_and_the_lake_works_on(
    mesh: Mesh, tmp_path: Path
) -> None:
    """What only the journal knew is gone, and nothing claims to know it."""
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    flow = Flow(mesh, repository.root)
    break_and_mend(mesh, repository)
    break_again(mesh, repository)
    flow.write(PAST)
    emptied(mesh)
    async with laptop(mesh) as client:
        card = await next_card(client)
    old = await check_numbers(mesh, 1, PAST)
    mesh.down("--free")
    lose(mesh.home / "dragon" / "journal.db")
    shutil.rmtree(mesh.home / "dragon" / "generations")
    mesh.up(repository.root)
    until_found(mesh, "def total", ["calculator.py"])
    flow.write(AFTER)
    emptied(mesh)
    assert old.isdisjoint(await check_numbers(mesh, PAST + 1, PAST + AFTER))
    assert mesh.recall_last()["remedies"] == []
    gone = mesh.postdevai("open", card.event_id)
    assert gone.returncode == 1, gone.stdout + gone.stderr
    gaps = mesh.json("status", "--json")["outbox"]["gaps"]
    assert f"{gaps} records lost before they arrived" in mesh.postdevai("status").stdout
    repository.git("checkout", "-q", "--", ".")
    commit = break_and_mend(mesh, repository)
    break_again(mesh, repository)
    async with laptop(mesh) as client:
        again = await next_card(client)
        with pytest.raises(Missing):
            await client.event(card.event_id)
    assert [remedy.commit for remedy in again.recollection.remedies] == [commit]


async def next_card(client: LocalClient) -> Suggestion:
    """The first card that the laptop's feed holds or gets."""
    async with asyncio.timeout(30):
        async for item in client.feed():
            if isinstance(item.item, Suggestion):
                return item.item
    raise AssertionError("the feed ended")


async def test_a_dragon_killed_while_its_model_speaks_is_unavailable(
    mesh: Mesh, tmp_path: Path, models_dir: Path
) -> None:
    mesh.env["POSTDEVAI_MODELS"] = str(models_dir)
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    question = AskRequest("what does the total function of the calculator do?", max_tokens=4096)
    async with laptop(mesh) as client:
        with pytest.raises(Unavailable) as caught:
            async with asyncio.timeout(60):
                spoke = False
                async for part in client.ask(question):
                    if isinstance(part, AskText) and not spoke:  # more words may be on the way
                        spoke = True
                        mesh.kill("dragon")
        assert "The Dragon cannot be reached" in caught.value.message
        assert (await client.status()).dragon_unavailable
