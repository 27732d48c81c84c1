"""What was done in the owner's name with a remedy stands on its card."""

from __future__ import annotations

from common.model.event import ActDone, Event
from common.model.failure import Recollection, Remedy, Suggestion
from common.model.ids import EventId, WorkingCopyId
from developer_node.front.tui.card import facts_of_remedy
from developer_node.front.tui.notebook import Notebook

REMEDY = Remedy("r1", "observed", "code")
CARD = Suggestion("s", 1, 1, EventId("e"), "p", "", Recollection("same", remedies=(REMEDY,)))
TRIED = ActDone("assistant", "tried", "r1", "pytest passes with it", worktree="/w/a")
BRANCHED = ActDone("pair programmer", "branched", "r1", "pytest passes", branch="postdevai/ab")
DRAFTED = ActDone("advisor", "drafted", "r1", "a patch for /w")
REFUSED = ActDone("assistant", "refused", "r1", "the tree is dirty")


def notebook(*acts: ActDone) -> Notebook:
    """In this order, given in another."""
    events = [Event(EventId(f"{n:032x}"), n, WorkingCopyId(""), act) for n, act in enumerate(acts)]
    book = Notebook()
    book.add_events(reversed(events))
    return book


def said(act: ActDone | None, remedy: Remedy = REMEDY) -> dict[str, str]:
    facts = facts_of_remedy(CARD, remedy, {}, act)
    return {fact.label: fact.said.plain for fact in facts}


def test_the_newest_act_with_the_remedy_counts() -> None:
    assert notebook().done_for("r1") is None
    assert notebook(TRIED, BRANCHED).done_for("r1") == BRANCHED
    assert notebook(BRANCHED, TRIED).done_for("r1") == TRIED
    assert notebook(TRIED).done_for("r2") is None


def test_a_patch_that_was_only_drafted_hides_nothing_that_was_done() -> None:
    assert notebook(TRIED, DRAFTED).done_for("r1") == TRIED
    assert notebook(DRAFTED).done_for("r1") == DRAFTED


def test_the_card_says_what_was_done_and_where_it_lies() -> None:
    assert said(TRIED)["Done for you"] == "tried  pytest passes with it\n/w/a"
    assert said(BRANCHED)["Done for you"] == "branched  pytest passes\nbranch postdevai/ab"
    assert "Done for you" not in said(None)


def test_what_was_refused_was_not_done() -> None:
    assert said(REFUSED)["Not done"] == "refused  the tree is dirty"
    assert "Done for you" not in said(REFUSED)


def test_a_remedy_that_was_accepted_before_says_so_on_a_new_screen() -> None:
    accepted = Remedy("r1", "observed", "code", accepted=True)
    assert said(None, accepted)["Remedy"].endswith("accepted by you")
    facts = facts_of_remedy(CARD, accepted, {"r1": "rejected"})
    assert not facts[0].said.plain.endswith("accepted by you")
