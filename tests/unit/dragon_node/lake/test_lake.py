"""The lake through its door: what is acknowledged is found, once, whatever happened in between."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import apsw
import numpy as np
import pytest

from common.errors import Denied, Invalid, Missing, OverLimit
from common.model.answer import ProjectFreshness
from common.model.event import CommandFinished, Commit, FileChanged, GitOperation, PathChange
from common.model.ids import ContentHash, NodeId, Origin, ProjectId, content_hash
from common.model.lake import (
    ANOTHERS_ORIGIN,
    ANOTHERS_ORIGIN_AND_MORE,
    HistoryQuery,
    SearchQuery,
)
from common.wire.nouns import event_to_bytes
from dragon_node.lake.lake import Lake
from dragon_node.lake.records import OUTSIDE, Accepted, Note
from dragon_node.lake.shards import FORMAT_VERSION, discard
from tests.support.lake import (
    COPY,
    NODE,
    ORIGIN,
    OTHER_COPY,
    Laptop,
    contents,
    event,
    opened,
    plain,
    ran,
    saved,
    seen,
)

HELLO = "def hello_world():\n    return 'hello'\n"
BYE = "def good_bye():\n    return 'bye'\n"


class Witness:
    """An applier that writes down what it is told."""

    schema = "CREATE TABLE IF NOT EXISTS told(lsn INTEGER PRIMARY KEY, project TEXT, what TEXT);"

    def opened(self, db: apsw.Connection) -> None:
        """Nothing to bring up to date."""

    def apply(self, db: apsw.Connection, record: Accepted) -> None:
        what = (
            record.body.kind if isinstance(record.body, Note) else type(record.body.body).__name__
        )
        db.execute("INSERT INTO told VALUES(?,?,?)", (record.lsn, record.project_name, what))


async def _told(lake: Lake) -> list[tuple[object, ...]]:
    return await lake.memory.read(
        lambda db: db.execute("SELECT project, what FROM told ORDER BY lsn").fetchall()
    )


async def _paths(lake: Lake, text: str) -> list[tuple[str, int]]:
    result = await lake.literal(SearchQuery(text, mode="literal", k=100))
    return [(hit.path, hit.start_line) for hit in result.hits]


async def test_a_saved_file_is_found_by_everything(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        await Laptop(lake).save({"a.py": HELLO, "b.py": BYE})
        assert await _paths(lake, "'hello'") == [("a.py", 2)]
        regex = await lake.regex(SearchQuery(r"def \w+_bye", mode="regex"))
        assert [(h.path, h.text) for h in regex.hits] == [("b.py", "def good_bye():")]
        for found in (
            await lake.by_words("Hello World", 5),
            await lake.by_symbol(["hello_world"], 5),
            await lake.by_substring("'hello'", 5),
        ):
            (hit,) = await lake.chunks([scored.ref for scored in found])
            assert (hit.path, hit.symbol, hit.project, hit.text) == (
                "a.py",
                "hello_world",
                "thing",
                HELLO,
            )
            assert hit.blob == content_hash(HELLO.encode())


async def test_only_the_newest_version_is_found(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": HELLO})
        await laptop.send(saved("a.py", BYE), blobs=contents(BYE))
        assert await _paths(lake, "hello") == []
        assert await _paths(lake, "bye") == [("a.py", 1), ("a.py", 2)]
        assert await lake.by_words("hello", 5) == []
        assert await lake.by_symbol(["hello_world"], 5) == []
        await laptop.send(FileChanged("a.py", deleted=True))
        assert await _paths(lake, "bye") == []
        assert await lake.by_words("bye", 5) == []


async def test_what_a_laptop_without_memory_does_not_tell_again_is_gone(tmp_path: Path) -> None:
    """Its outbox was lost: it cannot know which files the lake still holds."""
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": HELLO, "b.py": BYE, "c.py": "return 3\n"})
        await laptop.save({"b.py": BYE}, OTHER_COPY)
        await laptop.send(seen(files=3))
        assert await _paths(lake, "return") == [("a.py", 2), ("b.py", 2), ("b.py", 2), ("c.py", 1)]
        await laptop.send(seen(anew=True), saved("a.py", HELLO), seen())
        assert ("c.py", 1) in await _paths(lake, "return"), "the scan has not ended"
        await laptop.send(seen(files=1))
        assert await _paths(lake, "return") == [("a.py", 2), ("b.py", 2)]
        (known,) = [p for p in (await lake.freshness()).projects if p.working_copy[-5:] == "thing"]
        assert known.files_behind == 0
        await laptop.send(saved("d.py", "return 4\n"), seen(files=2), blobs=contents("return 4\n"))
        assert await _paths(lake, "return") == [("a.py", 2), ("b.py", 2), ("d.py", 1)]


async def test_two_clones_keep_versions_of_their_own(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": HELLO})
        await laptop.save({"a.py": HELLO}, OTHER_COPY)
        result = await lake.literal(SearchQuery("'hello'", mode="literal"))
        assert [h.working_copy for h in result.hits] == ["/home/ada/clone", "/home/ada/thing"]
        await laptop.send(FileChanged("a.py", deleted=True))
        result = await lake.literal(SearchQuery("'hello'", mode="literal"))
        assert [h.working_copy for h in result.hits] == ["/home/ada/clone"]
        assert (await lake.stats()).projects == 1


async def test_the_limit_is_said_and_is_in_order(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.save({f"f{i}.py": "needle\nneedle\n" for i in range(4)})
        await laptop.send(seen(files=4))
        cut = await lake.literal(SearchQuery("needle", mode="literal", k=3))
        assert [(h.path, h.start_line) for h in cut.hits] == [
            ("f0.py", 1),
            ("f0.py", 2),
            ("f1.py", 1),
        ]
        assert not cut.complete
        assert (await lake.literal(SearchQuery("needle", mode="literal", k=8))).complete


async def test_exact_search_is_complete_when_every_file_of_the_copies_asked_is_there(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": "needle\n"})

        async def complete(copy: str = "") -> list[bool]:
            exact = SearchQuery("needle", mode="literal", working_copy=copy)
            found = [await lake.literal(exact), await lake.regex(replace(exact, mode="regex"))]
            return [one.complete for one in found]

        assert await complete() == [False, False], "nobody knows how many files there are"
        await laptop.send(seen(files=100))
        assert await complete() == [False, False]
        await laptop.send(seen(files=1))
        assert await complete() == [True, True]
        await laptop.send(event(seen("/home/ada/clone", files=9), OTHER_COPY))
        assert await complete() == [False, False]
        assert await complete(OTHER_COPY) == [False, False]
        assert await complete("/home/ada/thing/") == [True, True]


async def test_another_project_is_not_searched_when_one_is_named(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": HELLO})
        other = event(seen("/b/else", ("h/o/else",), ("r2",)), OTHER_COPY)
        await laptop.send(other, event(saved("b.py", HELLO), OTHER_COPY), blobs=contents(HELLO))
        result = await lake.literal(SearchQuery("'hello'", mode="literal", project="else"))
        assert [h.path for h in result.hits] == ["b.py"]
        assert [c.project for c in result.freshness.projects] == ["else"]
        with pytest.raises(Missing):
            await lake.literal(SearchQuery("hello", mode="literal", project="nothing"))


async def test_a_commit_makes_the_matching_version_clean(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.send(
            seen(head="c1", files=1),
            saved("a.py", HELLO, git_blob="g1", head="c1", dirty=True),
            saved("b.py", BYE, git_blob="g2", head="c1", dirty=True),
            blobs=contents(HELLO, BYE),
        )
        changes = (PathChange("a.py", new_git="g1"), PathChange("b.py", new_git="older"))
        commit = Commit("c2", ("c1",), 0, "Say hello", changes)
        await laptop.send(GitOperation("commit", "c1", "c2", commits=(commit,)))
        (a,) = (await lake.literal(SearchQuery("'hello'", mode="literal"))).hits
        (b,) = (await lake.literal(SearchQuery("'bye'", mode="literal"))).hits
        assert (a.commit, a.dirty) == ("c2", False)
        assert (b.commit, b.dirty) == ("c1", True)


async def test_freshness_says_how_far_behind_a_working_copy_is(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)

        async def now() -> ProjectFreshness:
            (copy,) = (await lake.freshness("thing")).projects
            return copy

        await laptop.send(seen(head="c1"))
        assert (await now()).files_behind == -1
        await laptop.send(seen(head="c1", files=2))
        assert (await now()).files_behind == 2
        await laptop.send(saved("a.py", HELLO), saved("b.py", BYE), blobs=contents(HELLO, BYE))
        assert await now() == ProjectFreshness(
            "thing", "/home/ada/thing", "c1", "c1", 0, COPY, "laptop"
        )
        await laptop.send(FileChanged("a.py", deleted=True))
        assert (await now()).files_behind == 0
        await laptop.send(GitOperation("commit", "c1", "c2"))
        assert (await now()).indexed_commit == "c2"
        await laptop.send(GitOperation("checkout", "c2", "c3"))
        assert ((await now()).indexed_commit, (await now()).head_commit) == ("c2", "c3")
        await laptop.send(seen(head="c3", files=1))
        assert (await now()).indexed_commit == "c3"


async def test_events_come_newest_first_without_output_and_whole_by_identity(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        run = event(ran("pytest", "much output " * 200))
        outside = event(ran("ls"), copy=COPY.__class__(""))
        await laptop.send(seen(), run, outside)
        page = await lake.history(HistoryQuery(limit=2))
        assert [e.event.id for e in page.entries] == [outside.id, run.id]
        assert isinstance(page.entries[1].event.body, CommandFinished)
        assert page.entries[1].event.body.output.text == ""
        older = await lake.history(HistoryQuery(before_cursor=page.entries[1].cursor))
        assert [e.event.body for e in older.entries] == [seen()]
        assert [e.project for e in page.entries] == ["", "thing"]
        commands = await lake.history(HistoryQuery(kind="command", project="thing"))
        assert [e.event.id for e in commands.entries] == [run.id]
        assert await lake.event(run.id) == (run, "thing")
        with pytest.raises(Missing):
            await lake.event(event(ran()).id)


async def test_a_repeated_record_and_a_repeated_event_count_once(tmp_path: Path) -> None:
    """The first is a lost acknowledgement, the second an outbox that started a new origin."""
    async with opened(tmp_path, appliers=(Witness(),)) as lake:
        laptop = Laptop(lake)
        old, new = event(saved("a.py", HELLO)), event(saved("a.py", BYE))
        await laptop.send(event(seen()), old, new, blobs=contents(HELLO, BYE))
        laptop.seq = 1
        again = await laptop.send(old, new)
        assert again.seq == 3
        restored = Laptop(lake, Origin("b" * 32))
        await restored.send(old)
        assert (await lake.stats()).events == 3
        assert await _paths(lake, "hello") == []
        assert len(await _told(lake)) == 5  # two origins, three events


async def test_an_invalid_record_consumes_its_sequence_and_blocks_nobody(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        good, bad = event_to_bytes(event(ran())), b"\xff\xff not an event"
        outside = event_to_bytes(event(saved("../../etc/passwd", "x")))
        done = await lake.accept(ORIGIN, NODE, [(1, bad), (2, outside), (3, good)], {})
        assert done.seq == 3
        assert [(r.seq, r.field) for r in done.refusals] == [
            (1, "event"),
            (2, "event.file_changed.path"),
        ]
        (origin,) = (await lake.stats()).origins
        assert (origin.applied, origin.refused, origin.missing) == (3, 2, 0)
        assert (await lake.stats()).events == 1


async def test_a_skipped_sequence_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        with pytest.raises(Invalid) as error:
            await lake.accept(ORIGIN, NODE, [(2, event_to_bytes(event(ran())))], {})
        assert error.value.field == "record.seq"


async def test_a_record_whose_content_is_not_held_is_not_taken(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        with pytest.raises(Invalid, match="not held"):
            await laptop.send(saved("a.py", HELLO))
        laptop.seq = 0
        await laptop.send(seen(), saved("a.py", HELLO), blobs=contents(HELLO))
        assert await lake.blob(content_hash(HELLO.encode())) == HELLO.encode()
        assert await lake.blob(ContentHash("0" * 32)) is None


async def test_an_origin_belongs_to_the_node_that_used_it_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        await lake.open_origin(ORIGIN, NODE, 1, 0)
        with pytest.raises(Denied):
            await lake.open_origin(ORIGIN, NodeId("9" * 16), 1, 0)
    async with opened(tmp_path) as lake:
        with pytest.raises(Denied):
            await lake.accept(ORIGIN, NodeId("9" * 16), [], {})


async def test_another_node_is_told_whether_all_that_went_before_is_here(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        await Laptop(lake).send(seen(), ran())
        for first_held, last, field in (
            (3, 4, ANOTHERS_ORIGIN),
            (1, 4, ANOTHERS_ORIGIN),
            (3, 2, ANOTHERS_ORIGIN),
            (4, 5, ANOTHERS_ORIGIN_AND_MORE),
            (1, 1, ANOTHERS_ORIGIN_AND_MORE),
        ):
            with pytest.raises(Denied, match="belongs to node") as refused:
                await lake.open_origin(ORIGIN, NodeId("9" * 16), first_held, last)
            assert refused.value.field == field, (first_held, last)
            assert "do not remove it" in refused.value.hint


async def test_a_deleted_or_restored_outbox_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.send(ran(), ran(), ran())
        assert (await lake.open_origin(ORIGIN, NODE, 4, 3)).applied == 3
        restored = await lake.open_origin(ORIGIN, NODE, 1, 2)
        assert (restored.applied, restored.rolled_back) == (3, True)
        assert (await lake.stats()).origins[0].missing == 0
        after_loss = await lake.open_origin(ORIGIN, NODE, 11, 12)
        assert (after_loss.applied, after_loss.rolled_back) == (10, False)
        assert after_loss.missing == 7
        assert (await lake.open_origin(ORIGIN, NODE, 11, 12)).missing == 7, "it may not have heard"
        laptop.seq = 10
        await laptop.send(ran())
        (origin,) = (await lake.stats()).origins
        assert (origin.applied, origin.missing) == (11, 7)
    async with opened(tmp_path) as lake:
        assert (await lake.open_origin(ORIGIN, NODE, 12, 11)).missing == 7


async def _everything(lake: Lake) -> object:
    stats = await lake.stats()
    page = await lake.history(HistoryQuery(limit=100))
    words = await lake.chunks([s.ref for s in await lake.by_words("hello bye", 9)])
    return (
        [e.event for e in page.entries],
        await _paths(lake, "return"),
        [hit.path for hit in words],
        stats.origins,
        stats.freshness,
        stats.lsn,
        await _told(lake),
    )


@pytest.mark.parametrize("lost", ["nothing", "all", "memory.db", "projects", "words"])
async def test_nothing_is_forgotten_with_the_ram_disk_kept_or_lost(
    tmp_path: Path, lost: str
) -> None:
    async with opened(tmp_path, appliers=(Witness(),)) as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": HELLO, "b.py": BYE})
        await laptop.send(ran("pytest"), saved("c.py", HELLO), FileChanged("b.py", deleted=True))
        await lake.note(Note("feedback", {"remedy_id": "r", "verdict": "accepted"}))
        await lake.accept(ORIGIN, NODE, [(laptop.seq + 1, b"\xff")], {})
        before = await _everything(lake)
    disk = plain(tmp_path)
    if lost == "all":
        disk.detach()
    elif lost != "nothing":
        for path in disk.path.glob(f"{lost}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    async with opened(tmp_path, appliers=(Witness(),)) as lake:
        assert await _everything(lake) == before


async def test_a_damaged_store_is_rebuilt(tmp_path: Path) -> None:
    async with opened(tmp_path, appliers=(Witness(),)) as lake:
        await Laptop(lake).save({"a.py": HELLO})
        before = await _everything(lake)
    (project,) = plain(tmp_path).path.glob("projects/*.db")
    project.write_bytes(b"this is not SQLite" * 1_000)
    async with opened(tmp_path, appliers=(Witness(),)) as lake:
        assert await _everything(lake) == before


async def test_a_lake_that_is_lost_whole_says_what_never_comes_again(tmp_path: Path) -> None:
    """The laptop is told that nothing is held, and sends or reports what is missing."""
    async with opened(tmp_path) as lake:
        await Laptop(lake).save({"a.py": HELLO})
    discard(tmp_path / "journal.db")
    shutil.rmtree(tmp_path / "not-ram")
    async with opened(tmp_path) as lake:
        assert (await lake.stats()).events == 0
        assert (await lake.open_origin(ORIGIN, NODE, 2, 5)).applied == 1
        assert (await lake.stats()).origins[0].missing == 1


async def test_a_journal_from_a_backup_takes_the_stores_back_with_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": HELLO})
    shutil.copy(tmp_path / "journal.db", tmp_path / "backup")
    async with opened(tmp_path) as lake:
        laptop.lake = lake
        await laptop.send(saved("b.py", BYE), blobs=contents(BYE))
    shutil.copy(tmp_path / "backup", tmp_path / "journal.db")
    async with opened(tmp_path) as lake:
        assert await _paths(lake, "return") == [("a.py", 2)]


async def test_a_file_of_another_format_is_rebuilt(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The journal reaches back to its beginning: nothing has to be migrated."""
    async with opened(tmp_path, appliers=(Witness(),)) as lake:
        await Laptop(lake).save({"a.py": HELLO})
        before = await _everything(lake)
    for path in (plain(tmp_path).path / "memory.db", *plain(tmp_path).path.glob("projects/*.db")):
        with closing(apsw.Connection(str(path))) as db:
            stamp = f"replace(value, ' {FORMAT_VERSION}', ' 1')"
            db.execute(f"UPDATE meta SET value={stamp} WHERE name='stamp'")
    async with opened(tmp_path, appliers=(Witness(),)) as lake:
        assert await _everything(lake) == before
    discarded = [r.getMessage() for r in caplog.records if "is discarded" in r.getMessage()]
    assert len(discarded) == 2
    said = f"has format 1 and this version makes {FORMAT_VERSION}"
    assert all(said in each for each in discarded)


async def test_without_room_it_refuses_with_numbers_before_the_journal(tmp_path: Path) -> None:
    async with opened(tmp_path, budget_bytes=1_000_000) as lake:
        laptop = Laptop(lake)
        await laptop.send(ran())
        lsn = (await lake.stats()).lsn
        with pytest.raises(OverLimit, match=r"[\d,]+ of 1,000,000 bytes"):
            await laptop.send(ran(text="x" * 600_000))
        assert (await lake.stats()).lsn == lsn
        laptop.seq -= 1
        assert (await laptop.send(ran())).seq == 2


async def test_a_full_ram_disk_refuses_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else filled /dev/shm: what was journalled is applied once there is room again."""
    async with opened(tmp_path, appliers=(Witness(),)) as lake:
        laptop = Laptop(lake)
        await laptop.send(seen())
        await lake.memory.write(lambda db: db.pragma("max_page_count", 1))
        with pytest.raises(OverLimit, match=r"full: [\d,]+ bytes are used and [\d,]+ are free"):
            await laptop.send(*(ran(f"command {i}") for i in range(400)))
        with pytest.raises(OverLimit):
            await laptop.send(ran())
        with pytest.raises(OverLimit):
            await lake.open_origin(ORIGIN, NODE, 1, 500)
        await lake.memory.write(lambda db: db.pragma("max_page_count", 1 << 30))
        assert (await lake.open_origin(ORIGIN, NODE, 1, 500)).applied == 401
        assert (await lake.stats()).events == 401
        assert len(await _told(lake)) == 402
        laptop.seq = 401
        assert (await laptop.send(ran())).seq == 402


async def test_vectors_outlive_a_lost_ram_disk(tmp_path: Path) -> None:
    vector = np.array([1, 0, 0, 0], dtype=np.float32)
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": HELLO})
        ((name, text),) = await lake.unembedded("tiny", 10)
        assert text.startswith("hello_world. a.py\n")
        await lake.put_vectors("tiny", [(name, vector)])
        assert await lake.unembedded("tiny", 10) == []
        assert (await lake.freshness()).vectors_share == 1.0
        assert await lake.unembedded("another", 10) == [(name, text)]
    plain(tmp_path).detach()
    async with opened(tmp_path) as lake:
        assert await lake.by_vector(vector, 5) == []
        assert await lake.unembedded("tiny", 10) == []
        (found,) = await lake.by_vector(vector, 5)
        assert found.score == pytest.approx(1.0, abs=1e-3)
        laptop.lake = lake
        await laptop.send(FileChanged("a.py", deleted=True))
        assert await lake.by_vector(vector, 5) == []


async def test_a_chunk_that_two_projects_have_is_embedded_once_for_both(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": HELLO})
        other = seen("/home/ada/other", ("github.com/ada/other",), ("root2",))
        await laptop.send(
            event(other, OTHER_COPY), event(saved("a.py", HELLO), OTHER_COPY), blobs=contents(HELLO)
        )

        made = [(h, np.ones(8, dtype=np.float32)) for h, _ in await lake.unembedded("tiny", 10)]
        await lake.put_vectors("tiny", made)

        assert len(made) == 1
        assert (await lake.freshness()).vectors_share == 1.0


async def test_another_repository_at_the_same_path_takes_its_files_along(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": HELLO})
        await laptop.send(
            seen(remotes=("h/o/else",), roots=("r9",)), saved("b.py", BYE), blobs=contents(BYE)
        )
        assert await _paths(lake, "return") == [("b.py", 2)]
        assert [c.project for c in (await lake.freshness()).projects] == ["else"]


async def test_a_refused_batch_has_moved_no_working_copy(tmp_path: Path) -> None:
    """The retry once found the move done, journalled no note, and two projects held one copy."""
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": HELLO})
        moved = (seen(remotes=("h/o/else",), roots=("r9",)), saved("b.py", BYE))
        held = laptop.seq
        with pytest.raises(Invalid, match="is not held"):
            await laptop.send(*moved)
        laptop.seq = held
        await laptop.send(*moved, blobs=contents(BYE))
        assert await _paths(lake, "return") == [("b.py", 2)]
        assert [c.project for c in (await lake.freshness()).projects] == ["else"]


async def test_who_waits_for_news_is_woken(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        async with asyncio.TaskGroup() as group:
            news = group.create_task(lake.wait_applied(lake.applied))
            group.create_task(Laptop(lake).send(ran()))
        assert news.result() > 0


async def test_streams_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path, appliers=(Witness(),)) as lake:
        laptops = [Laptop(lake, Origin(f"{i:032x}")) for i in range(8)]

        async def talk(laptop: Laptop) -> None:
            for i in range(20):
                await laptop.send(ran(f"command {i}"))

        async with asyncio.TaskGroup() as group:
            for laptop in laptops:
                group.create_task(talk(laptop))
        stats = await lake.stats()
        assert stats.events == 160
        assert {o.applied for o in stats.origins} == {20}


async def test_events_outside_any_working_copy_have_a_shard_of_their_own(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        await Laptop(lake).send(event(ran("ls"), copy=COPY.__class__("")))
        assert (await lake.stats()).projects == 0
        assert (await lake.history(HistoryQuery())).entries[0].project == ""
    assert (plain(tmp_path).path / "projects" / f"{OUTSIDE}.db").exists()
    assert ProjectId("0" * 16) == OUTSIDE
