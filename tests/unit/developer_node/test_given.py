"""An owner's wishes go with every question, and what a question says itself counts more."""

from __future__ import annotations

from common.model.answer import AskRequest
from common.model.laptop import WorkContext
from developer_node.given import given, meant

WISHES = WorkContext("/w/ledger", pinned=("a.py",), excluded=("secret/",), note="We use tabs.")


def test_a_question_that_says_nothing_gets_what_its_owner_set():
    assert given(AskRequest("why"), WISHES) == AskRequest(
        "why", pinned=("a.py",), excluded=("secret/",), note="We use tabs."
    )


def test_what_a_question_says_itself_counts_and_the_rest_is_filled_in():
    asked = given(AskRequest("why", pinned=("b.py",), note="Be brief."), WISHES)
    assert (asked.pinned, asked.excluded, asked.note) == (("b.py",), ("secret/",), "Be brief.")


def test_the_wishes_are_those_of_the_project_that_is_asked_about():
    places = ["/w/ledger", "/w/shop"]
    assert meant("", places) == ""
    assert meant("shop", places) == "/w/shop"
    assert meant("elsewhere", places) is None
