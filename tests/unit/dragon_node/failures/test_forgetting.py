"""What is concluded from forgotten runs goes with them, and nothing else."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.model.event import Event, ProofFinished
from common.model.ids import Fingerprint, ProjectId
from dragon_node.failures.recall import Recaller
from dragon_node.lake.forgetting import notes
from dragon_node.lake.forgetting.notes import Oblivious
from tests.support.failures import FIXED, Copy, Story, failure

F = "f1"


def _forget(story: Story, *events: Event, commits: Collection[str] = ()) -> None:
    ids = tuple(event.id for event in events)
    meant = Oblivious(
        "id",
        ProjectId("id-shop"),
        events=ids,
        lsns=tuple(int(each, 16) for each in ids),
        commits=tuple(commits),
    )
    for note in notes.forget(meant):
        story.accept(note, "shop")


def _fixed(copy: Copy, text: str = FIXED) -> tuple[Event, Event]:
    failed = copy.fails(failure())
    copy.write("shop/cart.py", text)
    return failed, copy.passes()


@pytest.mark.parametrize("which", [0, 1], ids=["failing", "passing"])
async def test_a_remedy_goes_with_either_of_its_runs(
    which: int, story: Story, recaller: Recaller
) -> None:
    runs = _fixed(story.copy())
    assert (await recaller.by_fingerprint(F)).remedies
    _forget(story, runs[which])
    assert not (await recaller.by_fingerprint(F)).remedies
    assert story.db.execute("SELECT count(*) FROM remedy_paths").get == 0


async def test_a_remedy_goes_with_a_run_between_that_says_what_changed(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    between = copy.run("ls")
    copy.passes()
    assert (await recaller.by_fingerprint(F)).remedies
    _forget(story, between)
    found = await recaller.by_fingerprint(F)
    assert not found.remedies
    assert "forgotten" in found.note


async def test_a_failure_that_happened_again_is_still_known(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    first = copy.fails(failure())
    second = copy.fails(failure())
    _forget(story, first)
    found = await recaller.by_fingerprint(F)
    assert [o.event_id for o in found.occurrences] == [second.id]
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.paths == ("shop/cart.py",)


async def test_a_failure_whose_only_run_is_forgotten_is_not_known(
    story: Story, recaller: Recaller
) -> None:
    failed = story.copy().fails(failure())
    _forget(story, failed)
    assert (await recaller.by_fingerprint(F)).match == "none"
    assert story.db.execute("SELECT count(*) FROM episodes").get == 0


async def test_another_remedy_stays(story: Story, recaller: Recaller) -> None:
    copy = story.copy()
    first = _fixed(copy)
    copy.write("shop/cart.py", "def price(item):\n    return TABLE[item]\n")
    copy.passes()
    _fixed(copy, "def price(item):\n    return TABLE.get(item, 1)\n")
    assert len((await recaller.by_fingerprint(F)).remedies) == 2
    _forget(story, *first)
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert "TABLE.get(item, 1)" in remedy.diff


async def test_a_forgotten_commit_names_no_remedy(story: Story, recaller: Recaller) -> None:
    copy = story.copy()
    copy.commit("first")
    _fixed(copy)
    made = copy.commit("hush")
    _forget(story, commits=(made.sha,))
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.commit == ""
    for table in ("commits", "commit_paths"):
        assert "hush" not in str(story.db.execute(f"SELECT * FROM {table}").fetchall())


@pytest.mark.parametrize("which", [0, 1], ids=["the failing run", "the proof itself"])
async def test_a_proof_goes_with_what_it_proves_and_by_itself(
    which: int, story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    failed, _ = _fixed(copy)
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    proof = ProofFinished(remedy.id, Fingerprint(F), "confirmed", red=3, green=3, runs=3)
    proven = story.tell(copy, proof)
    _forget(story, (failed, proven)[which])
    assert story.db.execute("SELECT count(*) FROM proofs").get == 0
    states = [r.state for r in (await recaller.by_fingerprint(F)).remedies]
    assert states == ([] if which == 0 else ["observed"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["fail", "other", "fix", "break", "pass", "commit", "ls"]), max_size=16
    ),
    st.sets(st.integers(0, 20)),
)
async def test_the_story_goes_on_whatever_was_forgotten(acts: list[str], chosen: set[int]) -> None:
    story = Story()
    copy = story.copy()
    done = _act(copy, acts)
    gone = [event for n, event in enumerate(done) if n in chosen]
    _forget(story, *gone)
    lsns = {int(event.id, 16) for event in gone}
    for table in ("runs", "occurrences", "cards", "run_changes"):
        left = {row[0] for row in story.db.execute(f"SELECT lsn FROM {table}")}
        assert left.isdisjoint(lsns)
    for columns in ("failed_lsn", "passed_lsn", "contradicted_lsn"):
        left = {row[0] for row in story.db.execute(f"SELECT {columns} FROM remedies")}
        assert left.isdisjoint(lsns)
    _act(copy, acts)
    recaller = Recaller(story)
    await recaller.last()
    for fingerprint in (F, "f2"):
        await recaller.by_fingerprint(fingerprint)


def _act(copy: Copy, acts: list[str]) -> list[Event]:
    done: list[Event] = []
    for act in acts:
        match act:
            case "fail":
                done.append(copy.fails(failure()))
            case "other":
                done.append(copy.fails(failure("f2", test="tests/test_cart.py::test_other")))
            case "fix":
                copy.write("shop/cart.py", FIXED)
            case "break":
                copy.write("shop/cart.py", "def price(item):\n    return TABLE[item]\n")
            case "pass":
                done.append(copy.passes())
            case "commit":
                copy.commit(f"commit {len(done)}")
            case _:
                done.append(copy.run("ls"))
    return done
