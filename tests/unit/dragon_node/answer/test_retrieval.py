"""What is looked for, what is found, and why each hit says it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.errors import Invalid, OverLimit, Unavailable
from common.model.answer import Freshness, HitKind
from common.model.event import CommandFinished, Event, Output
from common.model.failure import Failure, Frame, Occurrence, Recollection
from common.model.ids import WorkingCopyId, new_event_id
from common.model.lake import HistoryEntry, SearchQuery
from dragon_node.answer.gathering import LISTED, NAMED
from dragon_node.answer.retrieval import Retrieval
from dragon_node.failures.within import Within
from dragon_node.lake.scope import Scope
from tests.support.embedders import FlatEmbedder
from tests.support.passages import FRESH, FewPassages, passage, scored

JOURNAL = passage(1, "def append(self, row):\n    os.fsync(self.file)", "Journal.append")
BREAD = passage(2, "def bake(bread): return oven.heat(220)", "bake")
BATCH = passage(3, "acknowledged = journal.sync(batch)", "commit")


def ran(command: str) -> HistoryEntry:
    """A recorded command."""
    body = CommandFinished(command, "/code/thing", (0,), 10, Output())
    return HistoryEntry(1, Event(new_event_id(), 1_000, WorkingCopyId("c" * 16), body), "thing")


def occurrence(at_ms: int) -> Occurrence:
    """A run of pytest that failed."""
    return Occurrence(
        new_event_id(), at_ms, "thing", "/code/thing/src", "c1", "pytest -k fsync", "no sync"
    )


FAILED = Recollection(
    "similar",
    Failure(
        *("pytest", "SyncError", "test", "no sync", "no sync"),
        frames=(Frame("thing/sync.py", "sync", 7, True), Frame("lib.py", "f", 1, False)),
    ),
    (occurrence(2_000), occurrence(1_000)),
)


class Remembered:
    """A memory that knows one failure."""

    def __init__(self, known: Recollection) -> None:
        self._known = known
        self.asked: list[Within] = []

    async def by_text(self, text: str, within: Within) -> Recollection:
        self.asked.append(within)
        return self._known


def lake() -> FewPassages:
    return FewPassages(
        hits={1: JOURNAL, 2: BREAD, 3: BATCH},
        words=scored(c3=20.0, c1=10.0),
        vectors=scored(c1=0.75, c3=0.7, c2=0.4),
    )


async def test_hits_come_best_first_with_scores_and_freshness():
    result = await Retrieval(lake(), FlatEmbedder()).search(
        SearchQuery("how is the journal synced for a batch")
    )
    assert [hit.path for hit in result.hits] == [h.path for h in (JOURNAL, BATCH, BREAD)]
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    assert result.freshness == FRESH
    assert result.complete


async def test_every_hit_says_why_it_was_found():
    source = lake()
    source.symbols = scored(c1=1.0)
    source.substrings = scored(c1=1.0)
    result = await Retrieval(source, FlatEmbedder()).search(SearchQuery("where is os.fsync called"))
    why = {hit.path: hit.why for hit in result.hits}
    assert why[JOURNAL.path] == (
        "symbol: os.fsync",
        "exact text: os.fsync",
        "meaning",
        "words: os, fsync",
    )
    assert why[BREAD.path] == ("meaning",)
    assert all(why.values())


async def test_the_lake_is_asked_for_words_without_stop_words_and_names_as_spelled():
    source = lake()
    await Retrieval(source, FlatEmbedder()).search(
        SearchQuery("where is Journal.append called?", project="thing")
    )
    assert ("words", "Journal.append called?", "thing") in source.asked
    assert ("symbol", ("Journal.append", "append"), "thing") in source.asked
    assert ("substring", "Journal.append", "thing") in source.asked


async def test_the_question_is_embedded_as_a_question():
    embedder = FlatEmbedder()
    await Retrieval(lake(), embedder).search(SearchQuery("how is it synced"))
    assert embedder.embedded == [("how is it synced", True)]


@pytest.mark.parametrize("refusal", [Unavailable("model 40 %"), OverLimit("64 wait")])
async def test_without_an_embedder_the_words_still_find_and_nothing_speaks_of_meaning(
    refusal: Unavailable | OverLimit,
):
    source = lake()
    result = await Retrieval(source, FlatEmbedder(refusal)).search(
        SearchQuery("how is the journal synced for a batch")
    )
    assert [hit.path for hit in result.hits] == [BATCH.path, JOURNAL.path]
    assert not any("meaning" in reason for hit in result.hits for reason in hit.why)
    assert "vector" not in [kind for kind, _, _ in source.asked]
    assert result.freshness.not_asked == (f"meaning: {refusal.message}",)
    assert not result.complete


async def test_an_index_that_cannot_answer_is_an_error_and_not_an_empty_answer(
    monkeypatch: pytest.MonkeyPatch,
):
    source = lake()

    async def broken(query: str, k: int, project: str, scope: Scope) -> list[object]:
        raise Unavailable("the words are being rebuilt")

    monkeypatch.setattr(source, "by_words", broken)
    with pytest.raises(Unavailable, match="rebuilt"):
        await Retrieval(source, FlatEmbedder()).search(SearchQuery("how is the journal synced"))


async def test_a_chunk_that_vanished_meanwhile_does_not_shift_the_others_evidence():
    source = lake()
    source.gone = {1}
    found = await Retrieval(source, FlatEmbedder()).find(SearchQuery("how is a batch synced"))
    assert [passage.hit.path for passage in found.passages] == [BATCH.path, BREAD.path]
    assert found.passages[0].evidence.cosine == pytest.approx(0.70)


async def test_a_list_that_k_cut_says_that_it_is_not_complete():
    result = await Retrieval(lake(), FlatEmbedder()).search(SearchQuery("how is it synced", k=2))
    assert len(result.hits) == 2
    assert not result.complete


@pytest.mark.parametrize(
    ("name", "limit"),
    [("vectors", LISTED), ("words", LISTED), ("symbols", NAMED), ("substrings", NAMED)],
)
async def test_a_list_that_is_as_long_as_it_may_be_says_that_it_is_not_complete(
    name: str, limit: int
):
    """What lies behind its end might have come first, had it been looked at."""
    hits = dict.fromkeys(range(1, limit + 1), JOURNAL)
    for length in (limit - 1, limit):
        listed = scored(**{f"c{n}": 0.5 for n in range(1, length + 1)})
        source = FewPassages(hits=hits, **{name: listed})  # pyright: ignore[reportArgumentType]
        found = await Retrieval(source, FlatEmbedder()).find(SearchQuery("os.fsync", k=limit))
        assert found.complete == (length < limit)


@pytest.mark.parametrize(
    "fresh",
    [
        replace(FRESH, asleep=("other",)),
        replace(FRESH, words_behind=3),
        replace(FRESH, vectors_share=0.99),
        replace(FRESH, events_behind=1),
        replace(FRESH, projects=(replace(FRESH.projects[0], files_behind=99),)),
        replace(FRESH, not_asked=("vectors of thing: rebuilt",)),
    ],
)
async def test_what_was_not_asked_is_not_complete(fresh: Freshness):
    source = lake()
    source.fresh = fresh
    result = await Retrieval(source, FlatEmbedder()).search(SearchQuery("how is it synced"))
    assert not result.complete
    assert result.freshness == fresh


async def test_events_are_complete_without_vectors_and_words():
    source = lake()
    source.fresh = replace(FRESH, vectors_share=0.0, words_behind=3)
    asked = SearchQuery("how is it synced", kind="event")
    assert (await Retrieval(source, FlatEmbedder()).search(asked)).complete


async def test_events_and_failures_are_found_by_their_words_and_say_which():
    source = lake()
    source.events = [ran("pytest -k fsync"), ran("git push")]
    result = await Retrieval(source, FlatEmbedder(), Remembered(FAILED)).search(
        SearchQuery("pytest fsync")
    )
    told = {hit.kind: hit for hit in result.hits if hit.kind != "code"}
    assert told["event"].text == "pytest -k fsync"
    assert told["event"].event == source.events[0].event.id
    assert told["event"].why == ("event: command", "words: pytest, fsync")
    assert told["failure"].event == FAILED.occurrences[0].event_id
    assert told["failure"].why == ("failure: 2 times", "words: pytest, fsync")
    assert (told["failure"].path, told["failure"].start_line) == ("thing/sync.py", 7)
    assert len(result.hits) == 5


@pytest.mark.parametrize("kind", ["code", "event", "failure"])
async def test_of_one_kind_nothing_else_is_found_or_asked(kind: HitKind):
    source = lake()
    source.events = [ran("pytest -k fsync")]
    result = await Retrieval(source, FlatEmbedder(), Remembered(FAILED)).search(
        SearchQuery("pytest fsync", kind=kind)
    )
    assert {hit.kind for hit in result.hits} == {kind}
    assert ("history" in [k for k, _, _ in source.asked]) == (kind == "event")
    assert ("words" in [k for k, _, _ in source.asked]) == (kind == "code")


@pytest.mark.parametrize(
    "query",
    [SearchQuery("pytest fsync", path="src/**"), SearchQuery("pytest fsync", language="python")],
)
async def test_what_only_code_has_leaves_events_and_failures_out(query: SearchQuery):
    source = lake()
    source.events = [ran("pytest -k fsync")]
    result = await Retrieval(source, FlatEmbedder(), Remembered(FAILED)).search(query)
    assert {hit.kind for hit in result.hits} == {"code"}


async def test_the_memory_of_failures_is_asked_within_the_bounds():
    memory = Remembered(FAILED)
    asked = SearchQuery(
        "no sync", kind="failure", project="thing", working_copy="/c", since_ms=1, until_ms=2
    )
    await Retrieval(FewPassages(), FlatEmbedder(), memory).search(asked)
    assert memory.asked == [Within("thing", "/c", 1, 2)]


async def test_every_list_is_asked_within_the_scope():
    source = lake()
    await Retrieval(source, FlatEmbedder()).search(SearchQuery("os.fsync", path="src/**"))
    assert source.scopes == {Scope(path="src/**")}


@pytest.mark.parametrize(
    "query", [SearchQuery(""), SearchQuery("x" * 5_000), SearchQuery("x", k=-1)]
)
async def test_a_query_that_cannot_be_asked_is_refused(query: SearchQuery):
    with pytest.raises(Invalid):
        await Retrieval(lake(), FlatEmbedder()).search(query)


@pytest.mark.parametrize("mode", ["literal", "regex"])
async def test_exact_searches_are_the_lakes_alone(mode: str):
    source, embedder = lake(), FlatEmbedder()
    query = SearchQuery("a.b", "literal" if mode == "literal" else "regex", 5, "thing")
    await Retrieval(source, embedder).search(query)
    assert source.asked == [(mode, "a.b", "thing")]
    assert embedder.embedded == []


async def test_what_is_no_word_is_not_looked_for_among_events():
    source = lake()
    await Retrieval(source, FlatEmbedder()).search(SearchQuery('where is "(" said'))
    assert [text for kind, text, _ in source.asked if kind == "history"] == ["said"]
