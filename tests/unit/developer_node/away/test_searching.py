"""Search through the files here: what a hit says is so on disk, and what was not asked is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import Invalid, Unavailable
from common.model.ids import WorkingCopyId, content_hash
from common.model.lake import SearchMode, SearchQuery, SearchResult
from common.model.laptop import WatchedRepository
from developer_node.away import grep as room
from tests.unit.developer_node.away.conftest import Stage

SECRET = "AKIAIOSFODNN7EXAMPLQ"


async def places(stage: Stage, query: str, mode: SearchMode = "literal", **more: str) -> list[str]:
    found = await stage.room.lake.search(SearchQuery(query, mode, **more))  # type: ignore[arg-type]
    return [f"{hit.path}:{hit.start_line}" for hit in found.hits]


async def test_a_literal_is_found_at_its_line_with_what_the_file_says_now(stage: Stage) -> None:
    found = await stage.room.lake.search(SearchQuery("def total", "literal"))
    [hit] = found.hits
    assert (hit.path, hit.start_line, hit.text) == ("calculator.py", 5, "def total(text):")
    assert hit.blob == content_hash((stage.repository.root / "calculator.py").read_bytes())
    assert hit.commit == stage.repository.git("rev-parse", "HEAD")
    assert hit.language == "python"
    assert found.complete
    assert found.freshness.away is not None
    assert found.freshness.away.source == "files"


async def test_an_expression_is_one_and_a_wrong_one_is_refused(stage: Stage) -> None:
    assert await places(stage, r"def \w+l\(", "regex") == ["calculator.py:5"]
    assert await places(stage, r"def \w+l\(", "literal") == []
    with pytest.raises(Invalid):
        await places(stage, "(", "regex")


async def test_a_hit_is_of_its_commit_only_while_its_file_is_as_it_was_recorded(
    stage: Stage,
) -> None:
    [hit] = (await stage.room.lake.search(SearchQuery("def total", "literal"))).hits
    assert not hit.dirty
    stage.repository.replace("calculator.py", "def total(text)", "def total(words)")
    [hit] = (await stage.room.lake.search(SearchQuery("def total", "literal"))).hits
    assert hit.text == "def total(words):"
    assert hit.dirty, "nobody has recorded it like that"


async def test_a_copy_that_git_cannot_search_is_named_and_keeps_no_other_from_being_searched(
    stage: Stage, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / ".git").write_text("gitdir: /nowhere\n")
    copy = WatchedRepository(str(broken), WorkingCopyId("b" * 16), 0, 0, "watching")
    stage.watched.insert(0, copy)
    for query in (SearchQuery("def total", "literal"), SearchQuery("the total")):
        found = await stage.room.lake.search(query)
        assert "calculator.py" in {hit.path for hit in found.hits}
        assert any(said.startswith(f"{broken} could not be searched: ") for said in _said(found))
        assert not found.complete
    with pytest.raises(Invalid):
        await places(stage, "(", "regex")


async def test_ignored_private_and_unrecorded_files_are_left_out_and_the_last_are_counted(
    stage: Stage,
) -> None:
    for name in ("__pycache__/ignored.py", "private.py", "new.py"):
        stage.repository.write(name, "def total_elsewhere(): ...\n")
    await stage.record("private.py", skipped="a private path")
    found = await stage.room.lake.search(SearchQuery("def total", "literal"))
    assert {hit.path for hit in found.hits} == {"calculator.py"}
    assert any(said.startswith("1 files that match are not recorded") for said in _said(found))
    assert not found.complete


async def test_filters_are_honoured_or_said(stage: Stage) -> None:
    stage.repository.write("docs/total.md", "total\n")
    await stage.record("docs/total.md")
    assert await places(stage, "total", path="docs/**") == ["docs/total.md:1"]
    assert await places(stage, "total", language="markdown") == ["docs/total.md:1"]
    assert await places(stage, "total", project="another") == []
    assert await places(stage, "total", kind="event") == []
    asked = SearchQuery("total", "literal", language="klingon", until_ms=5)
    said = _said(await stage.room.lake.search(asked))
    assert any("klingon" in sentence for sentence in said)
    assert any("Versions before a time" in sentence for sentence in said)


async def test_words_find_what_defines_them_and_meaning_is_said_not_to_be_searched(
    stage: Stage,
) -> None:
    found = await stage.room.lake.search(SearchQuery("where is the total computed?"))
    assert found.hits[0].path == "calculator.py"
    assert "def total" in found.hits[0].text
    assert any("Meaning was not searched" in said for said in _said(found))


async def test_no_secret_is_shown_or_found(stage: Stage) -> None:
    stage.repository.write("settings.py", f"key = '{SECRET}'\nregion = 'total'\n")
    await stage.record("settings.py")
    assert await places(stage, SECRET) == []
    found = await stage.room.lake.search(SearchQuery("total region key"))
    assert SECRET not in repr(found)
    assert "settings.py" in {hit.path for hit in found.hits}, "the control: it was searched"


async def test_what_is_cut_is_said(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LINES_A_FILE_MAX", 3)
    stage.repository.write("many.py", "needle\n" * 10)
    await stage.record("many.py")
    found = await stage.room.lake.search(SearchQuery("needle", "literal", k=100))
    assert len(found.hits) == 3
    assert not found.complete
    assert any("searched in part" in said for said in _said(found))


async def test_cited_content_opens_while_its_file_says_the_same_and_no_longer(
    stage: Stage,
) -> None:
    [hit] = (await stage.room.lake.search(SearchQuery("def total", "literal"))).hits
    opened = await stage.room.lake.blob(hit.blob)
    assert opened == (stage.repository.root / "calculator.py").read_bytes()
    stage.repository.replace("calculator.py", "def total", "def whole")
    with pytest.raises(Unavailable, match="says now"):
        await stage.room.lake.blob(hit.blob)


async def test_content_that_nobody_showed_lately_is_looked_for(stage: Stage) -> None:
    data = (stage.repository.root / "test_calculator.py").read_bytes()
    assert await stage.room.lake.blob(content_hash(data)) == data


async def test_with_the_dragon_there_it_is_the_dragon_that_answers(stage: Stage) -> None:
    """The control case of all of these."""
    stage.dragon.there = True
    assert await stage.room.lake.search(SearchQuery("def total", "literal")) == SearchResult()
    assert await stage.room.lake.blob(content_hash(b"x")) == b"from the Dragon"


def _said(found: SearchResult) -> tuple[str, ...]:
    return found.freshness.not_asked
