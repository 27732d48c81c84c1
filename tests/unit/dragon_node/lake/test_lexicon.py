"""The word indexes of all projects: searches never wait, and nothing that is there is missed."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import tantivy

from common.model.event import FileChanged
from common.model.ids import ProjectId
from dragon_node.lake.candidates import chunks_within
from dragon_node.lake.lake import Lake
from dragon_node.lake.lexicon import Lexicon
from dragon_node.lake.scope import EVERYWHERE, Scope
from dragon_node.lake.shards import Shard
from dragon_node.lake.words import tail
from dragon_node.lake.words.index import Batch, Words
from tests.support.lake import OTHER_COPY, Laptop, opened


@asynccontextmanager
async def lexicon_of(
    lake: Lake, directory: Path
) -> AsyncGenerator[tuple[Lexicon, ProjectId, Shard]]:
    """A lexicon of its own over the only project of a lake, behind and with nothing running."""
    ((project, shard),) = [pair for pair in await lake._projects.matching("thing")]  # pyright: ignore[reportPrivateUsage]
    made = Lexicon(directory)
    made.changed(project, shard)
    try:
        yield made, project, shard
    finally:
        await made.close()


async def test_what_is_not_committed_is_found_while_a_commit_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search that waited for the commit would wait for ever here."""
    async with opened(tmp_path / "lake") as lake:
        await Laptop(lake).save({"a.py": "alpha = 1\n", "b.py": "beta = 2\n"})
        async with lexicon_of(lake, tmp_path / "words") as (lexicon, project, shard):
            began, go_on = threading.Event(), threading.Event()
            take = Words.take

            def held(self: Words, batch: Batch) -> None:
                began.set()
                go_on.wait()
                take(self, batch)

            monkeypatch.setattr(Words, "take", held)
            running = asyncio.create_task(lexicon.catch_up())
            await asyncio.to_thread(began.wait)
            found = await lexicon.search(project, shard, "alpha", 10)
            assert len(found) == 1
            assert await lexicon.behind(project, shard) == 0
            go_on.set()
            await running
            assert not lexicon.waiting
            assert [c for c, _ in await lexicon.search(project, shard, "alpha", 10)] == [
                found[0][0]
            ]


async def test_more_than_the_tail_that_is_scanned_is_said_to_be_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "TAIL_CHUNKS", 2)
    async with opened(tmp_path / "lake") as lake:
        laptop = Laptop(lake)
        for name in "abcd":
            await laptop.save({f"{name}.py": f"alpha = '{name}'\n"})
        async with lexicon_of(lake, tmp_path / "words") as (lexicon, project, shard):
            assert len(await lexicon.search(project, shard, "alpha", 10)) == 2
            assert await lexicon.behind(project, shard) == 2
            await lexicon.catch_up()
            assert len(await lexicon.search(project, shard, "alpha", 10)) == 4
            assert await lexicon.behind(project, shard) == 0


async def test_what_was_deleted_or_changed_since_the_commit_takes_no_places(tmp_path: Path) -> None:
    async with opened(tmp_path / "lake") as lake:
        laptop = Laptop(lake)
        await laptop.save({f"{i}.py": f"alpha = {i}\n" for i in range(40)})
        async with lexicon_of(lake, tmp_path / "words") as (lexicon, project, shard):
            await lexicon.catch_up()
            await laptop.send(*(FileChanged(f"{i}.py", deleted=True) for i in range(38)))
            lexicon.changed(project, shard)
            left = set(await shard.database.read(lambda db: chunks_within(db, EVERYWHERE)))
            assert {c for c, _ in await lexicon.search(project, shard, "alpha", 2)} == left


async def test_within_a_scope_as_many_are_found_as_there_are(tmp_path: Path) -> None:
    """The best forty lie outside it."""
    files = {f"out/{i}.py": "alpha = alpha\n" for i in range(40)}
    files |= {f"in/{i}.py": "alpha = 1\n" + "other = 2\n" * 20 for i in range(3)}
    async with opened(tmp_path / "lake") as lake:
        await Laptop(lake).save(files)
        async with lexicon_of(lake, tmp_path / "words") as (lexicon, project, shard):
            scope = Scope(path="in/*.py")
            before = await lexicon.search(project, shard, "alpha", 3, scope)
            await lexicon.catch_up()
            after = await lexicon.search(project, shard, "alpha", 3, scope)
            assert {c for c, _ in before} == {c for c, _ in after}
            assert len(after) == 3
            everything = await lexicon.search(project, shard, "alpha", 100)
            assert after == [hit for hit in everything if hit[0] in dict(after)]


async def test_a_purged_index_holds_no_word_of_what_is_gone(tmp_path: Path) -> None:
    """Tantivy keeps a deleted document's words until it merges; a purge does not."""
    async with opened(tmp_path / "lake") as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": "xyzzysecret = alpha\n", "b.py": "alpha = 2\n"})
        async with lexicon_of(lake, tmp_path / "words") as (lexicon, project, shard):
            await lexicon.catch_up()
            assert knows(tmp_path / "words" / project, "xyzzysecret")
            await laptop.send(FileChanged("a.py", deleted=True))
            lexicon.changed(project, shard)
            await lexicon.catch_up()
            assert knows(tmp_path / "words" / project, "xyzzysecret")
            await lexicon.purge(project)
            assert not knows(tmp_path / "words" / project, "xyzzysecret")
            assert len(await lexicon.search(project, shard, "alpha", 10)) == 1


async def test_a_dropped_index_leaves_nothing_and_comes_back_at_the_next_touch(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path / "lake") as lake:
        await Laptop(lake).save({"a.py": "alpha = 1\n"})
        async with lexicon_of(lake, tmp_path / "words") as (lexicon, project, shard):
            await lexicon.catch_up()
            await lexicon.drop(project)
            assert list((tmp_path / "words").iterdir()) == []
            lexicon.changed(project, shard)
            assert len(await lexicon.search(project, shard, "alpha", 10)) == 1
            await lexicon.catch_up()
            assert len(await lexicon.search(project, shard, "alpha", 10)) == 1


async def test_an_index_that_cannot_be_written_is_made_anew_and_nothing_is_missed_meanwhile(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path / "lake") as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": "alpha = 1\n"})
        async with lexicon_of(lake, tmp_path / "words") as (lexicon, project, shard):
            await lexicon.catch_up()
            await laptop.save({"b.py": "alpha = 2\n"})
            lexicon.changed(project, shard)
            shutil.rmtree(tmp_path / "words")
            await lexicon.catch_up()
            assert lexicon.waiting == 1
            assert len(await lexicon.search(project, shard, "alpha", 5)) == 2
            await lexicon.catch_up()
            assert lexicon.waiting == 0
            assert len(await lexicon.search(project, shard, "alpha", 5)) == 2


async def test_a_working_copy_is_searched_alone(tmp_path: Path) -> None:
    async with opened(tmp_path / "lake") as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": "alpha = 1\n", "both.py": "alpha = 3\n"})
        await laptop.save({"a.py": "alpha = 2\n", "both.py": "alpha = 3\n"}, copy=OTHER_COPY)
        async with lexicon_of(lake, tmp_path / "words") as (lexicon, project, shard):
            assert len(await lexicon.search(project, shard, "alpha", 10)) == 3
            scope = Scope(working_copy="/home/ada/clone")
            assert len(await lexicon.search(project, shard, "alpha", 10, scope)) == 2


def knows(directory: Path, word: str) -> bool:
    """Whether an index below has a word, be it of a document that was deleted."""
    indexes = [tantivy.Index.open(str(p)) for p in directory.glob("*/")]
    assert indexes
    return any(index.searcher().doc_freq("words", word) for index in indexes)
