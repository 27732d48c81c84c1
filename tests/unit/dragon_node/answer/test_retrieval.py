"""What is looked for, what is found, and why each hit says it was."""

from __future__ import annotations

import pytest

from common.errors import OverLimit, Unavailable
from common.model.lake import SearchQuery
from dragon_node.answer.retrieval import Retrieval
from tests.support.embedders import FlatEmbedder
from tests.support.passages import FRESH, FewPassages, passage, scored

JOURNAL = passage(1, "def append(self, row):\n    os.fsync(self.file)", "Journal.append")
BREAD = passage(2, "def bake(bread): return oven.heat(220)", "bake")
BATCH = passage(3, "acknowledged = journal.sync(batch)", "commit")


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


async def test_an_index_that_cannot_answer_is_an_error_and_not_an_empty_answer(
    monkeypatch: pytest.MonkeyPatch,
):
    source = lake()

    async def broken(query: str, k: int, project: str) -> list[object]:
        raise Unavailable("the words are being rebuilt")

    monkeypatch.setattr(source, "by_words", broken)
    with pytest.raises(Unavailable, match="rebuilt"):
        await Retrieval(source, FlatEmbedder()).search(SearchQuery("how is the journal synced"))


async def test_a_chunk_that_vanished_meanwhile_does_not_shift_the_others_evidence():
    source = lake()
    source.gone = {1}
    found = await Retrieval(source, FlatEmbedder()).passages("how is a batch synced", "", 9)
    assert [passage.hit.path for passage in found] == [BATCH.path, BREAD.path]
    assert found[0].evidence.cosine == pytest.approx(0.70)


async def test_a_list_that_k_cut_says_that_it_is_not_complete():
    result = await Retrieval(lake(), FlatEmbedder()).search(SearchQuery("how is it synced", k=2))
    assert len(result.hits) == 2
    assert not result.complete


@pytest.mark.parametrize("mode", ["literal", "regex"])
async def test_exact_searches_are_the_lakes_alone(mode: str):
    source, embedder = lake(), FlatEmbedder()
    query = SearchQuery("a.b", "literal" if mode == "literal" else "regex", 5, "thing")
    await Retrieval(source, embedder).search(query)
    assert source.asked == [(mode, "a.b", "thing")]
    assert embedder.embedded == []
