"""Long work as one line: what was wrong stays said, and an end without a word is no success."""

from __future__ import annotations

from common.model.lake import LakeStep
from common.model.llm import Model
from developer_node.front.tui.work import Work, after_piece, after_step, ended, work_line

WORK = Work("Verifying")
READING = LakeStep("journal", 1, 4, "reading")
DAMAGED = LakeStep("snapshot", 2, 4, "one file is damaged", ok=False)


def test_a_step_says_how_far_it_is() -> None:
    now = after_step(WORK, READING)
    assert (now.share, now.said, now.running) == (0.25, "reading", True)
    assert "25 %" in work_line(now).plain and "Esc cancels" in work_line(now).plain


def test_a_total_that_is_not_known_is_no_share() -> None:
    now = after_step(WORK, LakeStep("journal", 7, 0))
    assert now.share is None
    assert "%" not in work_line(now).plain


def test_what_was_wrong_stays_said_and_decides_the_end() -> None:
    now = after_step(after_step(WORK, DAMAGED), READING)
    assert now.said == "one file is damaged"
    last = after_step(now, LakeStep("done", 4, 4, "1 of 4 is damaged", ended=True))
    assert (last.phase, last.said) == ("failed", "1 of 4 is damaged")


def test_a_good_end_is_a_good_end() -> None:
    last = after_step(WORK, LakeStep("done", 4, 4, "all is whole", ended=True))
    assert last.phase == "done"
    assert work_line(last).plain == "✓ Verifying  all is whole"


def test_an_end_without_a_last_word_is_a_failure() -> None:
    assert ended(after_step(WORK, READING)).phase == "failed"


def test_a_model_that_has_arrived_may_end_its_stream() -> None:
    coming = after_piece(WORK, Model("m", "fast", "loading", 0.5))
    assert ended(coming).phase == "failed"
    assert ended(after_piece(coming, Model("m", "fast", "loaded", 1.0))).phase == "done"


def test_a_model_that_failed_says_why() -> None:
    now = after_piece(WORK, Model("m", "fast", "failed", detail="its weights are torn"))
    assert (now.phase, now.said) == ("failed", "failed, its weights are torn")
