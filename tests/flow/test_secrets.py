"""Nothing that was planted is found again: in no file, spool, outbox, lake, log or answer."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from common.daemon.home import Home
from common.daemon.keys import sealing_key
from common.model.event import CommandFinished
from common.model.lake import HistoryQuery, Oblivion, SearchQuery
from common.wire.stored import event_from_bytes
from developer_node.front.local_client import LocalClient
from developer_node.outbox.outbox import Outbox
from developer_node.text import spool
from tests.support.forgetting import _values
from tests.support.mesh import Mesh, until
from tests.support.planted import PLANTED
from tests.support.repository import Repository

CONTROL = "marigold"
"""Stands beside the secrets and is none: what finds it would find them."""
RUNS = len(range(0, len(PLANTED), 4)) + 1
"""Commands of one round: four of the list in each, and one that prints it."""
ALL = "\n\n".join(planted.text for planted in PLANTED)
TEXT = f"{CONTROL}\n{ALL}\n"


def test_no_planted_secret_is_in_any_file_log_record_or_answer(mesh: Mesh, tmp_path: Path) -> None:
    """Every shape in commands, output, variables, files, patches and commit messages."""
    repository = Repository.make(tmp_path / "thing")
    outside = tmp_path / "printed"
    outside.write_text(TEXT)
    commit(repository)
    run_all(mesh, repository, outside)
    read_the_spool(mesh)

    mesh.up(repository.root)
    mesh.kill("dragon")
    for i, planted in enumerate(PLANTED):
        repository.write(f"saved{i}.txt", f"{CONTROL}\n{planted.text}\n")
    run_all(mesh, repository, outside)
    for _ in until(30):
        if mesh.json("status", "--json")["outbox"]["waiting"] > len(PLANTED) + 4:
            break
    mesh.kill("developer")
    asyncio.run(read_the_outbox(mesh))

    mesh.down()
    mesh.up(repository.root)
    told = [planted.command.replace("\n", " ") for planted in PLANTED]
    history = tmp_path / "history"
    history.write_text("\n".join([f"echo {CONTROL} of the history", *told]) + "\n")
    asyncio.run(import_a_history(mesh, history))
    for _ in until(30):
        outbox = mesh.json("status", "--json")["outbox"]
        if outbox["waiting"] == outbox["spooled"] == 0:
            break
    ram = Path(mesh.json("status", "--json")["lake"]["path"])
    asyncio.run(ask_the_lake(mesh))
    mesh.down()
    read_every_file(mesh, ram)


def commit(repository: Repository) -> None:
    """Patch and message."""
    for i, planted in enumerate(PLANTED):
        repository.write(f"config{i}.txt", f"{CONTROL}\n{planted.text}\n")
        repository.commit(f"{CONTROL}: {planted.command.splitlines()[0]}\n\n{planted.text}")


def run_all(mesh: Mesh, repository: Repository, printed: Path) -> None:
    """Commands that hold secrets, one that prints them, files and variables that hold them."""
    repository.write("dirty.txt", TEXT)
    environment = {f"POSTDEVAI_PLANTED_{i}": each.secret for i, each in enumerate(PLANTED)}
    for start in range(0, len(PLANTED), 4):
        told = "\n".join(planted.command for planted in PLANTED[start : start + 4])
        command = ("run", "--", "sh", "-c", f"exit 3 # {CONTROL}\n{told}")
        assert mesh.postdevai(*command, cwd=repository.root, env=environment).returncode == 3
    command = ("run", "--", sys.executable, "-c", "import sys; print(open(sys.argv[1]).read())")
    done = mesh.postdevai(*command, str(printed), cwd=repository.root, env=environment)
    assert PLANTED[0].secret in done.stdout, "what a person sees is never touched"


def read_the_spool(mesh: Mesh) -> None:
    """Unsealed, as the daemon will read it."""
    entries = [spool.read(path) for path in spool.waiting(mesh.home / "developer" / "spool")]
    assert len(entries) == RUNS
    for entry in entries:
        assert CONTROL in repr(entry)
        assert_clean(repr(entry.event).encode(), *entry.blobs.values())
    assert any(CONTROL.encode() in blob for entry in entries for blob in entry.blobs.values())


async def read_the_outbox(mesh: Mesh) -> None:
    """Every record that waits, as it would go over the wire, and its blobs."""
    kinds: set[str] = set()
    async with Outbox.open(mesh.home / "developer" / "outbox.db") as outbox:
        for held in await outbox.batch(0, records_max=10_000, bytes_max=1 << 30):
            blobs = [await outbox.blob(content) or b"" for content in held.hashes]
            assert_clean(held.body, *blobs)
            if CONTROL.encode() in b"".join((held.body, *blobs)):
                kinds.add(type(event_from_bytes(held.body).body).__name__)
    assert {"CommandFinished", "FileChanged"} <= kinds, "the control: both were recorded"


async def import_a_history(mesh: Mesh, history: Path) -> None:
    """As bash writes it, without times; a second import finds nothing new."""
    async with await LocalClient.connect(Home(mesh.home)) as client:
        for recorded, known in ((len(PLANTED) + 1, 0), (0, len(PLANTED) + 1)):
            steps = [step async for step in client.capture.bring_in("bash", str(history))]
            assert (steps[-1].recorded, steps[-1].known) == (recorded, known)


async def ask_the_lake(mesh: Mesh) -> None:
    """What the Dragon holds, by the search that forgets, and by what answers people."""
    async with await LocalClient.connect(Home(mesh.home)) as client:
        assert await holds(client, CONTROL)
        for planted in PLANTED[::4]:  # each is a search through everything
            assert not await holds(client, planted.secret), planted.shape
        for planted in PLANTED:
            found = await client.search(SearchQuery(planted.secret.strip(), mode="literal"))
            assert not found.hits, planted.shape
        found = await client.search(SearchQuery(CONTROL, mode="literal", k=1000))
        assert len(found.hits) >= len(PLANTED)
        page = await client.history(HistoryQuery(text=f"{CONTROL} of the history"))
        (imported,) = [entry.event.body for entry in page.entries]
        assert isinstance(imported, CommandFinished)
        assert (imported.recorder, imported.exit_codes) == ("bash", ())
        page = await client.history(HistoryQuery(kind="command", limit=1000))
        assert len(page.entries) == 2 * RUNS, "what ran here, and nothing that was imported"
        assert_clean(repr(found).encode(), repr(page).encode())
        imported_too: set[int] = set()
        for planted in PLANTED:  # by its words what was imported is found, where they are kept
            word = planted.command.split()[0]
            page = await client.history(HistoryQuery(kind="command", text=word, limit=1000))
            imported_too |= {entry.cursor for entry in page.entries}
            assert_clean(repr(page).encode())
        assert len(imported_too) > len(PLANTED)


async def holds(client: LocalClient, text: str) -> bool:
    """Whether the lake would have to forget something to forget this text."""
    steps = [step async for step in client.lake.forget(Oblivion(text=text, dry_run=True))]
    assert steps[-1].ended
    assert "would be forgotten" in steps[-1].sentence
    return not steps[-1].sentence.startswith("0 events and 0 contents")


def read_every_file(mesh: Mesh, ram: Path) -> None:
    """As they lie there, and what the sealed ones hold: logs, state, journal, RAM disk."""
    dragon, laptop = (sealing_key(mesh.home / role) for role in ("dragon", "developer"))
    read = 0
    for file in {*files_below(mesh.home), *files_below(ram)}:
        key = laptop if file.is_relative_to(mesh.home / "developer") else dragon
        values = (file.read_bytes(), *_values(file, key))
        assert_clean(*values, named=str(file))
        read += any(CONTROL.encode() in value for value in values)
    assert read >= 3, "the control: journal, project and words hold it"
    assert (mesh.home / "developer" / "developer.log").stat().st_size


def files_below(directory: Path) -> Iterator[Path]:
    """Plain files."""
    return (path for path in directory.rglob("*") if path.is_file() and not path.is_symlink())


def assert_clean(*parts: bytes, named: str = "") -> None:
    """None of the secrets, not even half of one, in any of these."""
    for shape, secret in halves():
        assert not any(secret in part for part in parts), f"{shape} {named}"


def halves() -> Iterable[tuple[str, bytes]]:
    """A short password is looked for whole: half of it may be an English word."""
    for planted in PLANTED:
        secret = planted.secret.encode()
        yield planted.shape, secret if len(secret) < 16 else secret[len(secret) // 2 :]
