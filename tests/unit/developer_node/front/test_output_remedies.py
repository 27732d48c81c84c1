"""Past fixes as people and scripts are told of them."""

from __future__ import annotations

from common.model.remedy import MinedFix, MineEnd
from developer_node.front import output_json_remedies
from developer_node.front.output_remedies import mined

FIX = MinedFix("/c", "c" * 40, "mend the sum", 1, ("t.py",), ("a.py",), "you wrote it")


def test_a_fix_that_was_tried_says_what_came_of_it() -> None:
    """And one that was not claims nothing."""

    def said(verdict: str) -> str:
        return "".join(span.text for span in mined(FIX, 2, verdict)[0])

    assert said("confirmed").endswith("  confirmed") and said("unproven").endswith("  unproven")
    assert said("").endswith("just now")


def test_scripts_are_told_the_verdict_or_null() -> None:
    end = MineEnd(1, 1, "One.")
    told = [
        output_json_remedies.mined([FIX], end, tried)["fixes"][0]["verdict"]
        for tried in ({}, {FIX.commit: "confirmed"})
    ]
    assert told == [None, "confirmed"]
