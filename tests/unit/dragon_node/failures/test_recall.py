"""What is answered to somebody who asks."""

from __future__ import annotations

from dataclasses import replace

from common.model.ids import Fingerprint
from dragon_node.failures.recall import FIRST_TIME, NOT_PASSED_YET, Recaller
from dragon_node.failures.within import Within
from dragon_node.lake import aliases
from dragon_node.lake.records import Note
from tests.support.failures import FIXED, Story, failure


async def test_nothing_remembered_is_none_and_no_error(recaller: Recaller) -> None:
    for found in (await recaller.last(), await recaller.by_fingerprint("f")):
        assert (found.match, found.failure, found.remedies) == ("none", None, ())


async def test_the_last_failure_is_known_as_seen_once_then_as_not_passed_yet(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    assert (await recaller.last()).note == FIRST_TIME
    copy.write("README.md", "x\n")
    copy.fails(failure())
    assert (await recaller.last()).note == NOT_PASSED_YET


async def test_occurrences_are_newest_first_and_at_most_twenty(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    events = [copy.fails(failure()) for _ in range(25)]
    found = await recaller.by_fingerprint("f1")
    assert [o.event_id for o in found.occurrences] == [e.id for e in reversed(events)][:20]


async def test_a_failure_of_one_project_is_told_as_anothers(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    story.copy("else", project="bakery").fails(failure())
    found = await recaller.last()
    assert found.note == "the same symptom in shop"
    (remedy,) = found.remedies
    assert remedy.why.startswith("the same symptom in shop: ")
    assert remedy.project == "shop"


async def test_the_own_projects_past_stands_alone_where_there_is_one(
    story: Story, recaller: Recaller
) -> None:
    for name, project in (("one", "shop"), ("two", "bakery")):
        copy = story.copy(name, project)
        copy.fails(failure())
        copy.write("shop/cart.py", FIXED)
        copy.passes()
    found = await recaller.last()
    assert [r.project for r in found.remedies] == ["bakery"]
    assert found.note == ""


async def test_a_text_is_similar_at_most_and_only_above_the_threshold(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    said = "connection to the price server was refused"
    copy.fails(replace(failure(), code="PriceServerError", normalised=said))
    near = await recaller.by_text("ERROR: connection to the price server was refused (port 99)")
    far = await recaller.by_text("connection reset by peer while reading the price list")
    assert near.match == "similar"
    assert near.failure is not None
    assert (far.match, far.failure) == ("none", None)


async def test_a_failure_never_seen_is_compared_by_its_words(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    said = "the price server was refused"
    copy.fails(replace(failure(), code="PriceServerError", normalised=said))
    asked = replace(failure("f9"), code="PriceServerError", normalised=said)
    assert (await recaller.by_failure(asked)).match == "similar"


async def test_a_short_message_is_similar_by_its_code_and_words_and_equal_values_go_first(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    for fingerprint, values in (("f1", "v1"), ("f2", "v2"), ("f3", "v3")):
        copy.fails(failure(fingerprint, values))
    asked = replace(failure("", "v2"), tool="python", test="", frames=())
    found = await recaller.by_failure(asked)
    assert (found.match, found.failure and found.failure.fingerprint) == ("similar", "f2")
    other = await recaller.by_failure(replace(asked, code="IndexError"))
    assert other.match == "none"


async def test_a_line_that_a_failure_printed_is_found_however_few_its_words(
    story: Story, recaller: Recaller
) -> None:
    """It is what recall and the card print; of two failures the newest is meant."""
    copy = story.copy()
    said = "assert -3 == 3\n +  where -3 = total([1, 2])"
    short = replace(failure(), code="AssertionError", message=said, normalised="assert <value>")
    for fingerprint in ("f1", "f2"):
        copy.fails(replace(short, fingerprint=Fingerprint(fingerprint)))
    copy.fails(replace(short, fingerprint=Fingerprint("f3"), message="assert -3 == 4"))
    for text in (
        "assert -3 == 3",
        "AssertionError: assert -3 == 3",
        "it says\nE       assert -3 == 3\nand no more",
        "+  where -3 = total([1, 2])",
    ):
        found = await recaller.by_text(text)
        assert (found.match, found.failure and found.failure.fingerprint) == ("similar", "f2")
    for text in ("assert -3 == 5", "assert", "==", ""):
        assert (await recaller.by_text(text)).match == "none", text


async def test_a_parsed_line_is_found_by_what_was_printed(story: Story, recaller: Recaller) -> None:
    """Its parser leaves other words out than the one that made the failure."""
    copy = story.copy()
    said = "assert -3 == 3\n +  where -3 = total([1, 2])"
    copy.fails(replace(failure(), code="AssertionError", message=said, normalised="total <value>"))
    asked = replace(failure("f9"), code="AssertionError", normalised="assert <value> == <value>")
    found = await recaller.by_failure(replace(asked, message="assert -3 == 3"))
    assert found.match == "similar"


async def test_a_value_alone_is_anybodys(story: Story, recaller: Recaller) -> None:
    story.copy().fails(failure())
    assert (await recaller.by_text("'pear'")).match == "none"
    assert (await recaller.by_text("KeyError: 'pear'")).match == "similar"


async def test_content_that_was_not_kept_is_said_and_not_invented(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    story.blobs.clear()
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert "[content not kept]" in remedy.diff


async def test_a_text_is_compared_with_what_failed_within_the_bounds_alone(
    story: Story, recaller: Recaller
) -> None:
    """The nearest of all may lie outside, and a directory within two projects."""
    said = "connection to the price server was refused"
    farther = replace(failure("f2"), code="PriceServerError", normalised=f"{said} by somebody")
    outer = story.copy("shop", "shop")
    first = outer.fails(farther)
    inner = story.copy("shop/vendored", "vendored")
    last = inner.fails(replace(failure("f1"), code="PriceServerError", normalised=said))

    async def found(**bounds: object) -> list[str]:
        within = Within(**bounds)  # type: ignore[arg-type]
        about = await recaller.by_text(f"PriceServerError: {said}", within)
        return [occurrence.event_id for occurrence in about.occurrences]

    assert await found() == [last.id]
    assert await found(project="vendored") == [last.id]
    for bounds in (
        {"project": "shop"},
        {"project": "id-shop"},
        {"working_copy": "/home/me/shop/"},
        {"working_copy": outer.wc},
        {"until_ms": last.at_ms},
        {"until_ms": last.at_ms, "since_ms": first.at_ms},
    ):
        assert await found(**bounds) == [first.id], bounds
    for bounds in ({"project": "bakery"}, {"working_copy": "/home/me"}, {"until_ms": first.at_ms}):
        assert await found(**bounds) == []
    aliases.apply(story.db, Note("join", {"project": "id-vendored", "into": "id-shop"}))
    assert await found(project="shop") == [last.id]
