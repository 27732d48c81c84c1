"""What is asked for a question, and what the lists say when an index keeps silent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from common.errors import Corrupt, Missing, PostDevAIError
from common.model.lake import SearchQuery
from dragon_node.answer.gathering import Gathering
from dragon_node.answer.why import Asked
from dragon_node.inference.embedding.embedder import Vectors
from tests.support.embedders import FlatEmbedder
from tests.support.passages import FRESH, FewPassages, scored

QUERY = SearchQuery("how is the journal synced")


class SilentEmbedder(FlatEmbedder):
    """Waits for memory, and never gets it."""

    cancelled = False

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        try:
            return await asyncio.get_running_loop().create_future()
        finally:
            self.cancelled = True


async def test_words_answer_when_the_embedder_does_not_and_it_is_said():
    embedder = SilentEmbedder()
    gathering = Gathering(FewPassages(words=scored(c1=1.0)), embedder, None, meaning_s=0.01)
    lists = await gathering.lists(QUERY, Asked.of(QUERY.query), FRESH)
    assert lists.words
    assert lists.not_asked == ("meaning: no vector within 0.01 s",)
    assert embedder.cancelled


@pytest.mark.parametrize("why", [Corrupt("its weights are broken"), Missing("no such model")])
async def test_words_answer_whatever_is_wrong_with_the_embedder(why: PostDevAIError):
    gathering = Gathering(FewPassages(words=scored(c1=1.0)), FlatEmbedder(why), None)
    lists = await gathering.lists(QUERY, Asked.of(QUERY.query), FRESH)
    assert lists.words
    assert lists.not_asked == (f"meaning: {why.message}",)
