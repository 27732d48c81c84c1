"""A Dragon that follows now is not sent to for as long as the way to it is remembered."""

from __future__ import annotations

import pytest

from common.clients.lake import LakeClient
from common.errors import Unavailable
from common.model.ids import Origin
from dragon_node.lake.lead import Lead
from tests.support.strict_lake import Neighbourhood, StrictLake

ORIGIN = Origin("1" * 32)


async def test_recording_goes_to_the_one_that_leads_now_at_once() -> None:
    """The refusal is the real one."""
    following = StrictLake()
    with pytest.raises(Unavailable) as refused:
        Lead("another").check()
    following.on_open = refused.value
    leading = StrictLake()
    async with (
        Neighbourhood.open(following) as old,
        Neighbourhood.open(leading) as new,
        LakeClient(old.routed(afresh=new)).ingest(ORIGIN, 1, 0),
    ):
        pass
    assert leading.opens == [(ORIGIN, 1, 0)]


async def test_a_dragon_that_has_no_time_is_not_asked_about_at_the_coordinator() -> None:
    """Whatever else is wrong there, the way is right."""
    busy, other = StrictLake(), StrictLake()
    busy.on_open = Unavailable("busy")
    async with Neighbourhood.open(busy) as here, Neighbourhood.open(other) as there:
        with pytest.raises(Unavailable, match="busy"):
            async with LakeClient(here.routed(afresh=there)).ingest(ORIGIN, 1, 0):
                pass
    assert other.opens == []
