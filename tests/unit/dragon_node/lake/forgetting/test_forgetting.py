"""What somebody wants forgotten is in no byte of the SSD or the RAM disk afterwards."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from common.daemon.keys import sealing_key
from common.errors import Invalid, Missing
from common.model.ids import Origin, content_hash
from common.model.lake import HistoryQuery, Oblivion, RelatedQuery, SearchQuery
from dragon_node.failures.memory import FailureMemory
from dragon_node.lake.lake import Lake
from tests.support.forgetting import (
    INNOCENT,
    SECRET,
    commit,
    forget,
    innocents,
    places_of,
    plant,
)
from tests.support.lake import Laptop, contents, event, opened, plain, ran, saved, seen


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
