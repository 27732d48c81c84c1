"""The claim at a line says no more than is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.model.failure import Flakiness, Match, Occurrence, Recollection, RemedyState
from common.model.ids import EventId
from developer_node.front.lsp.standing import Standing, standing
from developer_node.front.lsp.wording import Known, claim, headline, history
from tests.support.editors import AWAY, FAILED, FAILURE, KNOWN, REMEDY

[STANDING] = standing((FAILED,))
NOW_MS = STANDING.at_ms + 60_000
LABEL = REMEDY.label


def said(known: Recollection | None, why_not: str = "", failed: Standing = STANDING) -> str:
    return claim(failed, Known(known, why_not), as_recorded=False, now_ms=NOW_MS)


def first(known: Recollection | None) -> str:
    return said(known).splitlines()[0]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("observed", f"Seen before, fixed in {LABEL}"),
        ("confirmed", f"Seen before, fixed in {LABEL} (confirmed by trying it again)"),
        ("unproven", f"Seen before, perhaps fixed in {LABEL} (unproven: could not be shown)"),
        (
            "ambiguous",
            f"Seen before, perhaps fixed in {LABEL} (ambiguous: more than one thing changed)",
        ),
    ],
)
def test_the_claim_is_as_strong_as_the_remedy(state: RemedyState, words: str) -> None:
    assert first(replace(KNOWN, remedies=(replace(REMEDY, state=state),))) == words


@pytest.mark.parametrize(
    ("match", "words"),
    [
        ("same, other values", f"Seen before with other values, fixed in {LABEL}"),
        ("similar", f"Something similar was seen before, fixed in {LABEL}"),
    ],
)
def test_what_is_not_quite_the_same_is_called_so(match: Match, words: str) -> None:
    assert first(replace(KNOWN, match=match)) == words


def test_it_is_said_when_it_failed() -> None:
    assert said(KNOWN).splitlines()[1].endswith(" · failed 1 minute ago")


def test_a_remedy_that_was_rejected_is_not_offered() -> None:
    known = replace(KNOWN, remedies=(replace(REMEDY, state="rejected"),), note="you said no")
    assert "fixed" not in first(known)
    assert first(known).startswith("Seen before, 1 time, last ")
    assert first(known).endswith("; you said no.")


def test_a_failure_is_not_its_own_past() -> None:
    own = Occurrence(STANDING.event, STANDING.at_ms, "ledger", "/w", "", "pytest", "m")
    known = Recollection("same", FAILURE, (own,))
    assert first(known) == "Failed 1 minute ago; not seen before."


def test_a_flaky_one_is_called_flaky() -> None:
    known = replace(KNOWN, remedies=(), flaky=Flakiness(2, 7))
    assert "flaky: failed in 2 of 7 runs and nothing that git follows changed" in first(known)


def test_what_is_not_known_is_not_claimed() -> None:
    assert said(None, "the Dragon is away").splitlines() == [
        "Failed 1 minute ago.",
        "AssertionError: assert 99 == 100",
        "What is known is not told: the Dragon is away",
    ]


def test_an_answer_of_this_laptop_alone_is_labelled_everywhere() -> None:
    assert "Away: The Dragon is away: as of yesterday." in said(AWAY)
    assert "**Away**: The Dragon is away: as of yesterday." in history(
        STANDING, Known(AWAY), NOW_MS
    )
    assert "Away" not in said(KNOWN)


def test_what_was_known_before_and_cannot_be_asked_now_is_labelled() -> None:
    known = Known(KNOWN, "no answer within 3 s")
    assert "As it was known before; now: no answer within 3 s." in history(STANDING, known, NOW_MS)
    assert "As it was known before; now: no answer within 3 s" in said(KNOWN, known.why_not)


def test_a_line_that_could_not_be_compared_says_so() -> None:
    told = claim(STANDING, Known(KNOWN), as_recorded=True, now_ms=NOW_MS)
    assert told.endswith("The line is as recorded: what the file held then is not known.")


def test_no_control_character_reaches_an_editor() -> None:
    bad = replace(STANDING, failure=replace(FAILURE, message="\x1b[31mred\x07"))
    known = Known(replace(KNOWN, note="\x1b[2J"))
    for text in (said(KNOWN, failed=bad), history(bad, known, NOW_MS)):
        assert not set(text) & {"\x1b", "\x07"}


def test_a_headline_is_one_line_of_bounded_length() -> None:
    long = headline(replace(FAILURE, message="x " * 500 + "\nsecond"))
    assert len(long) == 160
    assert "\n" not in long


def test_the_hover_tells_times_remedies_with_their_state_and_how_fresh_it_is() -> None:
    text = history(STANDING, Known(KNOWN), NOW_MS)
    assert "The same symptom: 1 earlier time." in text
    assert f"**observed** · code · {LABEL}" in text
    assert "As of ledger aaaaaaa" in text
    assert "-    share = round(cents / parts)" in text


def test_a_message_cannot_close_its_block() -> None:
    told = history(
        replace(STANDING, failure=replace(FAILURE, message="~~~~\n# a heading\n~~~~~")),
        Known(),
        NOW_MS,
    )
    assert "~~~~~~text\n" in told


def test_other_runs_in_the_past_are_counted_not_listed() -> None:
    many = tuple(
        Occurrence(EventId(f"{n:032x}"), STANDING.at_ms - n, "p", "/w", "", "c", "m")
        for n in range(10, 18)
    )
    assert "- 3 more times" in history(STANDING, Known(Recollection("same", FAILURE, many)), NOW_MS)


def test_what_was_recorded_brings_no_picture_from_anywhere() -> None:
    """An editor that renders the hover would fetch it."""
    bad = "![x](http://elsewhere/x.png) <img src=x>"
    remedy = replace(REMEDY, label=bad, why=bad, also_changed=(bad,))
    seen = replace(KNOWN.occurrences[0], project=bad)
    text = history(
        STANDING, Known(replace(KNOWN, occurrences=(seen,), remedies=(remedy,), note=bad)), NOW_MS
    )
    assert "![x](" not in text.replace("\\[", "")
    assert text.count("!\\[x\\](") == 5
