"""The card on a terminal: what failed is said in full, within a limit that is told."""

from __future__ import annotations

from common.model.failure import Failure, Occurrence, Recollection, Remedy
from common.model.ids import EventId
from developer_node.front.output_card import MESSAGE_LINES, card

REMEDY = Remedy("r1", "observed", "environment", label="foo 1.2 -> 1.3")


def shown(message: str, remedy: Remedy = REMEDY) -> list[str]:
    failure = Failure("pytest", "AssertionError", "test", message, "m", "t.py::test_it")
    lines = card(Recollection("same", failure, remedies=(remedy,)), 0)
    return ["".join(span.text for span in line).strip() for line in lines]


def test_every_line_that_explains_a_comparison_is_there() -> None:
    message = "assert '1.5' == '1.50'\n\n  - 1.50\n  ?    -\n  + 1.5"
    assert shown(message)[1:6] == [line.strip() for line in message.splitlines()]


def test_a_long_message_says_how_much_of_it_was_left_out() -> None:
    lines = [f"line {n}" for n in range(MESSAGE_LINES + 3)]
    said = shown("\n".join(lines))
    assert said[1 : MESSAGE_LINES + 1] == lines[:MESSAGE_LINES]
    assert said[MESSAGE_LINES + 1] == "… 3 more lines; all of it with --json"
    assert not any("more line" in text for text in shown("\n".join(lines[:MESSAGE_LINES])))


def test_a_remedy_that_was_accepted_says_so() -> None:
    accepted = Remedy("r1", "observed", "environment", label="foo 1.2 -> 1.3", accepted=True)
    assert any(text.endswith("foo 1.2 -> 1.3  accepted by you") for text in shown("m", accepted))
    assert not any("accepted" in text for text in shown("m"))


def test_a_first_sighting_is_called_the_same_as_nothing() -> None:
    failure = Failure("pytest", "AssertionError", "test", "m", "m", "t.py::test_it")
    once = Occurrence(EventId("e"), 1, "thing", "/t", "", "pytest", "m")
    lines = card(Recollection("same", failure, (once,), note="seen for the first time"), 2)
    said = ["".join(span.text for span in line) for line in lines]
    assert any(text.split() == ["Match", "seen", "once"] for text in said)
    twice = card(Recollection("same", failure, (once, once)), 2)
    assert any("same symptom" in "".join(s.text for s in line) for line in twice)
