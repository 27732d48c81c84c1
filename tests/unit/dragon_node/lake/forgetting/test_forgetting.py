"""What somebody wants forgotten is in no byte of the SSD or the RAM disk afterwards."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import apsw
import numpy as np
import pytest

from common.daemon.keys import sealing_key
from common.errors import Invalid, Missing
from common.model.event import CommandFinished, WorkingCopySeen
from common.model.ids import NodeId, Origin, WorkingCopyId, content_hash, working_copy_id
from common.model.lake import HistoryQuery, LakeStep, Oblivion, RelatedQuery, SearchQuery
from common.sealed_sqlite import unlock
from dragon_node.failures.memory import FailureMemory
from dragon_node.lake.database import Database, Readers
from dragon_node.lake.forgetting import forgetting
from dragon_node.lake.lake import Lake
from tests.support.forgetting import (
    SECRET,
    commit,
    forget,
    innocents,
    places_of,
    plant,
)
from tests.support.lake import NODE, OTHER_COPY, Laptop, contents, event, opened, ran, saved, seen


def _lake(directory: Path) -> AbstractAsyncContextManager[Lake]:
    return opened(directory, appliers=(FailureMemory(),))


def _left(directory: Path) -> list[str]:
    return places_of(SECRET, directory, key=sealing_key(directory))


async def _finds(lake: Lake) -> list[str]:
    """Whatever any question still finds of the secret."""
    found = [hit.path for hit in (await lake.literal(SearchQuery(SECRET, mode="literal"))).hits]
    history = await lake.history(HistoryQuery(text=SECRET))
    found += [entry.event.id for entry in history.entries]
    found += [str(scored) for scored in await lake.by_words("PlantedSecret", 5)]
    return found


async def test_a_secret_is_gone_from_every_byte_and_the_rest_is_still_there(
    tmp_path: Path,
) -> None:
    async with _lake(tmp_path) as lake:
        laptop = Laptop(lake)
        planted = await plant(laptop)
        kept = await innocents(laptop)
        assert await _finds(lake)
        assert _left(tmp_path)
        steps = await forget(lake, Oblivion(text=SECRET))
        assert steps[-1].ok, steps[-1].sentence
        assert steps[-1].ended
        assert await _finds(lake) == []
        for one in planted.values():
            with pytest.raises(Missing):
                await lake.event(one.id)
        for one in kept.values():
            assert (await lake.event(one.id))[0] == one
        assert (await lake.literal(SearchQuery("harmless", mode="literal"))).hits
        assert _left(tmp_path) == []
    assert _left(tmp_path) == []


async def test_a_dry_run_counts_and_changes_nothing(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        laptop = Laptop(lake)
        planted = await plant(laptop)
        before = (await lake.stats()).lsn
        (*_, last) = await forget(lake, Oblivion(text=SECRET, dry_run=True))
        assert last.ended
        assert f"{len(planted):,} events" in last.sentence
        assert (await lake.stats()).lsn == before
        assert await _finds(lake)


async def test_a_lake_that_is_rebuilt_from_its_journal_does_not_know_it(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        laptop = Laptop(lake)
        planted = await plant(laptop)
        kept = await innocents(laptop)
        await forget(lake, Oblivion(text=SECRET))
    _lose_ram(tmp_path)
    async with _lake(tmp_path) as lake:
        assert await _finds(lake) == []
        for one in planted.values():
            with pytest.raises(Missing):
                await lake.event(one.id)
        for one in kept.values():
            assert (await lake.event(one.id))[0] == one
    assert _left(tmp_path) == []


async def test_no_generation_brings_it_back(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        laptop = Laptop(lake)
        await plant(laptop)
        kept = await innocents(laptop)
        for _ in range(2):
            async for _ in lake.snapshot():
                pass
            await laptop.send(ran("after"))
        steps = await forget(lake, Oblivion(text=SECRET))
        assert steps[-1].ok, steps[-1].sentence
        assert _left(tmp_path) == []
    _lose_ram(tmp_path)
    async with _lake(tmp_path) as lake:
        assert await _finds(lake) == []
        assert (await lake.event(kept["output"].id))[0] == kept["output"]
    assert _left(tmp_path) == []


async def test_a_project_that_sleeps_forgets_too(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        await plant(Laptop(lake))
        assert (await lake.sleep("thing")).state == "asleep"
        steps = await forget(lake, Oblivion(text=SECRET))
        assert steps[-1].ok, steps[-1].sentence
        assert _left(tmp_path) == []


async def test_no_copy_is_left_of_a_project_that_slept_and_woke_and_slept(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        await plant(Laptop(lake))
        for n in range(2):
            await lake.sleep("thing")
            await Laptop(lake, origin=Origin(f"{n:032x}")).send(event(seen()))
        for _ in range(3):
            await lake.sleep("thing")
            await lake.history(HistoryQuery(project="thing"))
        steps = await forget(lake, Oblivion(text=SECRET))
        assert steps[-1].ok, steps[-1].sentence
        assert _left(tmp_path) == []


async def test_what_was_forgotten_is_not_taken_in_again(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        planted = await plant(Laptop(lake))
        await forget(lake, Oblivion(text=SECRET))
        # Another outbox, as after a reinstallation: the same events, and the file under a new one.
        again = Laptop(lake, origin=Origin("b" * 32))
        text = f"TOKEN = '{SECRET}'\n\ndef use_token():\n    return TOKEN\n"
        new = event(ran("make", "fine"))
        retold = event(saved("src/secrets.py", text))
        blobs = contents(text)
        await lake.keep(blobs)
        sent = await again.send(planted["output"], planted["file"], retold, new, blobs=blobs)
        assert sent.seq == 4
        assert sent.refusals == ()
        assert await _finds(lake) == []
        assert (await lake.event(new.id))[0] == new
        assert _left(tmp_path) == []


async def test_a_file_with_a_forgotten_content_is_not_shown_as_it_was_before(
    tmp_path: Path,
) -> None:
    """The content is not kept again; what the file held meanwhile would be a stale answer."""
    secret = f"TOKEN = '{SECRET}'\n"
    async with _lake(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": secret})
        await forget(lake, Oblivion(text=SECRET))
        await laptop.save({"a.py": "meanwhile = 1\n"})
        await laptop.send(saved("a.py", secret), blobs=contents(secret))
        assert not (await lake.literal(SearchQuery("meanwhile", mode="literal"))).hits
        assert await _finds(lake) == []
        assert _left(tmp_path) == []


async def test_a_directory_is_forgotten_with_all_that_mentions_it(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.save({"private/diary.md": "dear diary\n", "privately.md": "public\n"})
        inside = event(replace(ran("ls", "listed"), cwd="/home/ada/thing/private"))
        told = event(commit("a" * 40, "diary", path="private/diary.md"))
        await laptop.send(inside, told, ran("make"))
        steps = await forget(lake, Oblivion(path="/home/ada/thing/private"))
        assert steps[-1].ok, steps[-1].sentence
        assert not (await lake.literal(SearchQuery("diary", mode="literal"))).hits
        assert (await lake.literal(SearchQuery("public", mode="literal"))).hits
        kinds = [e.event.body for e in (await lake.history(HistoryQuery())).entries]
        assert sorted(type(kind).__name__ for kind in kinds) == [
            "CommandFinished",
            "FileChanged",
            "WorkingCopySeen",
        ]
        assert not (await lake.related(RelatedQuery("file", "private/diary.md"))).relations
        assert places_of("dear diary", tmp_path, key=sealing_key(tmp_path)) == []


async def test_an_hour_is_forgotten_and_the_working_copy_is_still_known(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        laptop = Laptop(lake)
        at = [event(ran(f"run {n}", f"said {n}"), at_ms=n) for n in (10, 20, 30)]
        await laptop.send(event(seen(), at_ms=20), *at)
        steps = await forget(lake, Oblivion(since_ms=20, until_ms=30))
        assert steps[-1].ok, steps[-1].sentence
        assert [e.event.at_ms for e in (await lake.history(HistoryQuery())).entries] == [30, 10, 20]
        assert (await lake.history(HistoryQuery(text="said"))).entries[0].project == "thing"


async def test_what_another_project_refers_to_stays_there(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.send(
            event(seen()), event(saved("shared.py", "both = 1\n")), blobs=contents("both = 1\n")
        )
        await laptop.send(
            event(seen("/home/ada/other", ("github.com/ada/other",), ("r2",)), OTHER_COPY),
            event(saved("shared.py", "both = 1\n"), OTHER_COPY),
            blobs=contents("both = 1\n"),
        )
        steps = await forget(lake, Oblivion(project="thing", text="both = 1"))
        assert steps[-1].ok, steps[-1].sentence
        hits = (await lake.literal(SearchQuery("both = 1", mode="literal"))).hits
        assert [hit.project for hit in hits] == ["other"]
    _lose_ram(tmp_path)
    async with _lake(tmp_path) as lake:
        hits = (await lake.literal(SearchQuery("both = 1", mode="literal"))).hits
        assert [hit.project for hit in hits] == ["other"]
        assert await lake.blob(content_hash(b"both = 1\n")) == b"both = 1\n"


async def test_what_arrives_while_it_is_being_forgotten_is_forgotten_too(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        laptop = Laptop(lake)
        await plant(laptop)
        late = iter([event(ran("echo", SECRET)), event(ran("cat", SECRET))])
        steps: list[LakeStep] = []
        async for step in lake.forget(Oblivion(text=SECRET)):
            steps.append(step)
            if step.step in ("find", "note") and (one := next(late, None)):
                await laptop.send(one)
        assert steps[-1].ok, steps[-1].sentence
        assert _left(tmp_path) == []


async def test_it_goes_on_when_nobody_listens_any_more(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        await plant(Laptop(lake))
        steps = lake.forget(Oblivion(text=SECRET))
        await anext(steps)
        await steps.aclose()
        (*_, last) = await forget(lake, Oblivion(text=SECRET))
        assert last.ok, last.sentence
        assert _left(tmp_path) == []


async def test_it_says_where_the_text_still_is(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        await plant(Laptop(lake))
        (tmp_path / "left behind.txt").write_text(f"note to self: {SECRET}")
        (*_, last) = await forget(lake, Oblivion(text=SECRET))
        assert last.ended
        assert not last.ok
        assert "left behind.txt" in last.sentence


async def test_a_name_that_contains_the_text_is_told_by_its_project(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        await Laptop(lake).send(
            event(seen(f"/home/ada/{SECRET}", (), ())), ran("make", f"said {SECRET}")
        )
        (project,) = [one.id for one in (await lake.stats()).kept if one.name == SECRET]
        before = _stamped(tmp_path, SECRET)
        (*_, last) = await forget(lake, Oblivion(text=SECRET))
        assert not last.ok
        assert f"project {project} is named" in last.sentence
        assert _stamped(tmp_path, SECRET) <= before


async def test_a_file_that_cannot_be_read_is_no_proof(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        (tmp_path / "strange.db").write_bytes(b"not sealed with our key" * 400)
        (*_, last) = await forget(lake, Oblivion(text=SECRET))
        assert not last.ok
        assert "strange.db" in last.sentence


async def test_laptops_can_be_told(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        laptop = Laptop(lake)
        before = (await laptop.send(event(seen()))).lsn
        one = event(saved("private/a.txt", "a"))
        await laptop.send(one, blobs=contents("a"))
        await forget(lake, Oblivion(path="private"))
        (told,) = await lake.forgotten(before)
        assert told.events == (one.id,)
        assert told.contents == (content_hash(b"a"),)
        assert told.path == "private"
        assert await lake.forgotten(told.lsn) == []


async def test_nothing_named_is_refused_and_nothing_found_is_said(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        with pytest.raises(Invalid):
            await forget(lake, Oblivion(project="thing"))
        with pytest.raises(Missing):
            await forget(lake, Oblivion(project="thing", text="xxxx"))
        (*_, last) = await forget(lake, Oblivion(path="/nowhere"))
        assert last.ended
        assert "nothing" in last.sentence


def _stamped(directory: Path, name: str) -> int:
    path = directory / "journal.db"
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    unlock(db, path, sealing_key(directory))
    try:
        return db.execute("SELECT count(*) FROM records WHERE project_name=?", (name,)).get
    finally:
        db.close()


async def _embedded(lake: Lake) -> None:
    made = [(h, np.ones(8, dtype=np.float32)) for h, _ in await lake.unembedded("test", 100)]
    await lake.put_vectors("test", made)


async def _on_ssd(directory: Path) -> int:
    path, readers = directory / "embeddings.db", Readers()
    db = await Database.open(
        path, readers, schema="", synchronous="OFF", key=sealing_key(directory)
    )
    try:
        return await db.read(lambda db: db.execute("SELECT count(*) FROM embeddings").get)
    finally:
        await db.close()


async def test_vectors_of_chunks_that_died_long_before_are_forgotten_too(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        laptop = Laptop(lake)
        for n in range(4):
            await laptop.save({"a.py": f"TOKEN = '{SECRET}{n}'\n", "b.py": "public = 1\n"})
            await _embedded(lake)
        assert await _on_ssd(tmp_path) == 5
        (*_, last) = await forget(lake, Oblivion(text=SECRET))
        assert last.ok, last.sentence
        assert await _on_ssd(tmp_path) == 1


async def test_vectors_of_what_is_gone_are_erased_after_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "SWEEP_S", 0.01)
    async with _lake(tmp_path) as lake:
        laptop = Laptop(lake)
        for n in range(4):
            await laptop.save({"a.py": f"n = {n}\n"})
            await _embedded(lake)
        async with asyncio.timeout(20):
            while await _on_ssd(tmp_path) > 1:
                await lake.wait_applied(-1)
        assert not await lake.unembedded("test", 1)


async def test_a_text_that_is_in_almost_everything_is_refused(tmp_path: Path) -> None:
    async with _lake(tmp_path) as lake:
        with pytest.raises(Invalid, match="at least 4"):
            await forget(lake, Oblivion(text="abc"))


async def test_a_path_means_the_files_of_the_machine_that_asks_and_of_no_other(
    tmp_path: Path,
) -> None:
    """Two laptops, two projects, the same place: only the asking one's is emptied."""
    place = "/home/ada/thing"
    ours, theirs = (working_copy_id(machine, place) for machine in ("m1", "m2"))
    other = NodeId("9" * 16)
    async with _lake(tmp_path) as lake:
        near, far = Laptop(lake), Laptop(lake, Origin("b" * 32), other)
        outside = WorkingCopyId("")
        for laptop, copy, name in ((near, ours, "near"), (far, theirs, "far")):
            await laptop.send(
                event(seen(place, (f"github.com/ada/{name}",), (name,)), copy),
                event(saved(f"{name}.py", f"{name} = 1\n"), copy),
                event(replace(ran(f"ls {name}"), cwd=place), outside),
                blobs=contents(f"{name} = 1\n"),
            )
        asked = Oblivion(path=place, machine="m1", copies=(ours,), node=NODE)
        steps = await forget(lake, asked)
        assert steps[-1].ok, steps[-1].sentence
        told = {run.command for run in await _runs(lake)}
        hits = (await lake.literal(SearchQuery(" = 1", mode="literal"))).hits
        assert [hit.path for hit in hits] == ["far.py"]
        assert told == {"ls far"}
        left = [one.event for one in (await lake.history(HistoryQuery())).entries]
        assert [e.working_copy for e in left if isinstance(e.body, WorkingCopySeen)] == [theirs]


async def test_a_place_that_was_forgotten_whole_is_found_by_its_path_again(tmp_path: Path) -> None:
    place = "/home/ada/thing"
    copy = working_copy_id("m1", place)
    asked = Oblivion(path=place, machine="m1", node=NODE)
    async with _lake(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.send(event(seen(place), copy), event(ran("one"), copy))
        await forget(lake, asked)
        await laptop.send(event(saved("a.py", "two = 2\n"), copy), blobs=contents("two = 2\n"))
        assert (await forget(lake, asked))[-1].ok
        assert not (await lake.literal(SearchQuery("two", mode="literal"))).hits


@pytest.mark.parametrize("dry_run", [True, False])
async def test_a_path_in_no_known_working_copy_is_not_said_to_be_gone(
    tmp_path: Path, dry_run: bool
) -> None:
    async with _lake(tmp_path) as lake:
        await Laptop(lake).send(event(seen()))
        (*_, last) = await forget(lake, Oblivion(path="/nowhere", dry_run=dry_run))
        assert last.ended
        assert not last.ok
        assert "no known working copy" in last.sentence


async def _runs(lake: Lake) -> list[CommandFinished]:
    bodies = [entry.event.body for entry in (await lake.history(HistoryQuery())).entries]
    return [body for body in bodies if isinstance(body, CommandFinished)]


def _lose_ram(directory: Path) -> None:
    shutil.rmtree(directory / "not-ram")
