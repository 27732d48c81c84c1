"""What a remedy that was tried again is called, and what takes that away."""

from __future__ import annotations

from dataclasses import replace

from common.model.event import ProofFinished
from common.model.failure import Remedy
from common.model.ids import Fingerprint
from dragon_node.failures.recall import Recaller
from dragon_node.lake.records import Note
from tests.support.failures import FIXED, Copy, Story, failure

BAD = "def price(item):\n    return TABLE[item]\n"
CONFIRMED = ProofFinished("", Fingerprint("f1"), "confirmed", red=3, green=3, runs=3)
UNPROVEN = replace(CONFIRMED, verdict="unproven", red=3, green=1, reason="green 1 of 3 times")
NOT_TRIED = replace(
    CONFIRMED, verdict="unproven", red=0, green=0, reason="no sandbox can be made here"
)


async def only(recaller: Recaller) -> Remedy:
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    return remedy


def fail_and_fix(copy: Copy, fixed: str = FIXED) -> None:
    copy.write("shop/cart.py", BAD)
    copy.fails(failure())
    copy.write("shop/cart.py", fixed)
    copy.passes()


async def prove(copy: Copy, recaller: Recaller, proof: ProofFinished = CONFIRMED) -> Remedy:
    remedy = await only(recaller)
    copy.story.tell(copy, replace(proof, remedy_id=remedy.id))
    return await only(recaller)


async def test_a_confirmed_proof_makes_the_remedy_confirmed_and_says_what_was_seen(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    fail_and_fix(copy)
    assert (await only(recaller)).proof is None
    remedy = await prove(copy, recaller)
    assert remedy.state == "confirmed"
    assert remedy.proof is not None
    assert (remedy.proof.red, remedy.proof.green, remedy.proof.runs) == (3, 3, 3)
    assert remedy.proof.event_id == f"{len(story.records):032x}"


async def test_an_unproven_one_stays_observed_with_its_reason(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    fail_and_fix(copy)
    remedy = await prove(copy, recaller, UNPROVEN)
    assert remedy.state == "observed"
    assert remedy.proof is not None
    assert remedy.proof.reason == "green 1 of 3 times"


async def test_a_confirmed_remedy_goes_before_a_newer_observed_one(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    fail_and_fix(copy)
    proven = await prove(copy, recaller)
    copy.write("shop/cart.py", BAD)
    copy.passes()
    fail_and_fix(copy, "def price(item):\n    return 0\n")
    remedies = (await recaller.by_fingerprint("f1")).remedies
    assert [r.state for r in remedies] == ["confirmed", "observed"]
    assert remedies[0].id == proven.id


async def test_what_was_ambiguous_is_confirmed_when_the_code_alone_makes_it_pass(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.packages = "pytest==10\n"
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    assert (await only(recaller)).state == "ambiguous"
    remedy = await prove(copy, recaller)
    assert remedy.state == "confirmed"
    assert "with this change alone they passed 3 of 3 times" in remedy.why


async def test_a_symptom_that_returns_with_the_remedy_in_place_takes_the_confirmation(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    fail_and_fix(copy)
    await prove(copy, recaller)
    copy.write("README.md", "other\n")
    copy.fails(failure())
    remedy = await only(recaller)
    assert remedy.state == "rejected"
    assert remedy.why.startswith("did not hold")
    assert remedy.proof is not None, "what was seen then is still told"


async def test_a_person_who_rejects_takes_the_confirmation(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    fail_and_fix(copy)
    remedy = await prove(copy, recaller)
    story.accept(Note("feedback", {"remedy_id": remedy.id, "verdict": "rejected"}))
    assert (await only(recaller)).state == "rejected"


async def test_a_symptom_that_comes_and_goes_is_not_confirmed_by_three_runs(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    fail_and_fix(copy)
    copy.write("shop/cart.py", BAD)
    copy.fails(failure())
    copy.passes()
    assert (await prove(copy, recaller)).state == "unproven"


async def test_a_try_that_did_not_come_to_run_leaves_an_earlier_proof(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    fail_and_fix(copy)
    await prove(copy, recaller)
    assert (await prove(copy, recaller, NOT_TRIED)).state == "confirmed"
    assert (await prove(copy, recaller, UNPROVEN)).state == "observed"


async def test_a_proof_of_a_remedy_that_is_not_kept_changes_nothing(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    fail_and_fix(copy)
    for remedy_id in ("nobody knows it", ""):
        story.tell(copy, replace(CONFIRMED, remedy_id=remedy_id))
    assert (await only(recaller)).state == "observed"
    assert story.db.execute("SELECT count(*) FROM proofs").get == 0
