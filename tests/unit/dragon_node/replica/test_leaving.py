"""A Dragon leaves its machine only when another one leads what it held."""

from __future__ import annotations

import pytest

from common.errors import Conflict
from common.model.ids import NodeId
from common.model.replica import LakeLead
from dragon_node.replica.leaving import led_by_another, verdict

LAKE = "0" * 32
OWN, OTHER = NodeId("a"), NodeId("b")


class Told:
    """A Coordinator that answers one thing after the other, the last one for ever."""

    def __init__(self, *leads: LakeLead) -> None:
        self._leads = list(leads)

    async def get(self, lake: str) -> LakeLead:
        return self._leads.pop(0) if len(self._leads) > 1 else self._leads[0]


@pytest.mark.parametrize(
    ("lead", "said"),
    [
        (LakeLead(LAKE, NodeId("")), "alone"),
        (LakeLead(LAKE, OWN, 1), "alone"),
        (LakeLead(LAKE, OWN, 1, (OTHER,)), "wait"),
        (LakeLead(LAKE, OTHER, 2), "led"),
    ],
)
def test_only_a_lake_that_another_one_leads_may_be_left(lead: LakeLead, said: str) -> None:
    assert verdict(lead, OWN) == said


async def test_a_follower_is_waited_for_until_it_leads() -> None:
    told = Told(LakeLead(LAKE, OWN, 1, (OTHER,)), LakeLead(LAKE, OTHER, 2))
    assert await led_by_another(told, LAKE, OWN) == OTHER


async def test_a_follower_that_does_not_take_the_lead_is_named() -> None:
    with pytest.raises(Conflict, match="b follows this Dragon"):
        await led_by_another(Told(LakeLead(LAKE, OWN, 1, (OTHER,))), LAKE, OWN, wait_s=0)


async def test_a_lake_that_nobody_else_has_is_not_left() -> None:
    with pytest.raises(Conflict, match="no other Dragon"):
        await led_by_another(Told(LakeLead(LAKE, OWN, 1)), LAKE, OWN)
