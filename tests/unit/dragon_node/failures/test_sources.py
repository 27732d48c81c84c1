"""Who told of a run, and in which project: what follows from it and what does not."""

from __future__ import annotations

import pytest

from common.model.event import Recorder
from common.model.failure import TestReport
from dragon_node.failures.recall import CI_ONLY, Recaller
from dragon_node.lake import aliases
from dragon_node.lake.records import Note
from tests.support.failures import FIXED, TEST, Copy, Story, failure

BAD = "def price(item):\n    return TABLE[item]\n"


def fail_and_fix(copy: Copy) -> None:
    copy.write("shop/cart.py", BAD)
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.passes()


@pytest.mark.parametrize("recorder", ["atuin", "bash", "zsh", "fish"])
async def test_a_command_of_a_history_claims_nothing_and_ends_nothing(
    story: Story, recaller: Recaller, recorder: Recorder
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.run("pytest", 0, (), TestReport(passed=(TEST,), passed_count=1), recorder=recorder)
    copy.run("pytest", 1, (failure("f2"),), recorder=recorder)
    assert (await recaller.by_fingerprint("f1")).remedies == ()
    assert (await recaller.by_fingerprint("f2")).match == "none"
    assert story.db.execute("SELECT count(*) FROM runs").get == 1


async def test_a_failure_of_ci_alone_is_told_as_that(story: Story, recaller: Recaller) -> None:
    story.copy("runner").run("pytest", 1, (failure(),), ci=True)
    found = await recaller.by_fingerprint("f1")
    assert found.note == CI_ONLY
    assert [o.ci for o in found.occurrences] == [True]


async def test_once_it_failed_on_a_desk_too_it_is_reproduced(
    story: Story, recaller: Recaller
) -> None:
    story.copy("runner").run("pytest", 1, (failure(),), ci=True)
    story.copy().fails(failure())
    found = await recaller.by_fingerprint("f1")
    assert [o.ci for o in found.occurrences] == [False, True]
    assert found.note != CI_ONLY


async def test_what_a_joined_project_knows_is_known_here(story: Story, recaller: Recaller) -> None:
    fail_and_fix(story.copy("one", "shop"))
    aliases.apply(story.db, Note("join", {"project": "id-bakery", "into": "id-shop"}))
    story.copy("two", "bakery").fails(failure())
    found = await recaller.last()
    assert (found.match, found.note, len(found.remedies)) == ("same", "", 1)
    assert "in shop" not in found.remedies[0].why
    assert "in shop" not in story.cards()[-1][1]


async def test_a_symptom_asked_for_by_its_name_says_which_other_project_knows_it(
    story: Story, recaller: Recaller
) -> None:
    fail_and_fix(story.copy("one", "shop"))
    story.copy("two", "bakery").fails(failure())
    for found in (await recaller.by_fingerprint("f1"), await recaller.by_failure(failure())):
        assert found.note == "the same symptom in shop"
        assert [r.why.startswith("the same symptom in shop: ") for r in found.remedies] == [True]


async def test_two_causes_of_one_symptom_are_both_shown(story: Story, recaller: Recaller) -> None:
    copy = story.copy()
    fail_and_fix(copy)
    copy.write("shop/cart.py", "TABLE = None\n" + BAD)
    copy.fails(failure())
    copy.write("shop/cart.py", "TABLE = {}\n" + BAD)
    copy.passes()
    story.copy("desktop").fails(failure())
    assert len((await recaller.by_fingerprint("f1")).remedies) == 2
    assert story.cards()[-1][1].endswith("passed later, more than once")
