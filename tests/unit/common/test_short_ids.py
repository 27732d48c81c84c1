"""The beginning of an id stands for it while it is one node's alone."""

from __future__ import annotations

import pytest

from common.errors import Invalid, Missing
from common.short_ids import meant

IDS = ("3f2a91bc00000000", "3f2a000000000000", "aa")


def test_the_beginning_is_enough() -> None:
    assert meant("3f2a9", IDS) == IDS[0]
    assert meant(" 3F2A9 ", IDS) == IDS[0]
    assert meant("aa", (*IDS, "aab")) == "aa"  # all of it is never in doubt


def test_what_two_nodes_begin_with_is_not() -> None:
    with pytest.raises(Invalid, match="3f2a91bc00000000, 3f2a000000000000"):
        meant("3f2a", IDS)


@pytest.mark.parametrize("typed", ["", "b", "3f2a91bc000000000"])
def test_what_no_node_begins_with_is_missing(typed: str) -> None:
    with pytest.raises(Missing, match="no node has the id"):
        meant(typed, IDS)
