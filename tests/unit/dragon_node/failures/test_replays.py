"""Whatever happened, in whatever order: the rows that a replay gives, and what changed between."""

from __future__ import annotations

import apsw
from hypothesis import given, settings
from hypothesis import strategies as st

from common.model.event import ProofFinished
from common.model.ids import Fingerprint
from dragon_node.failures import runs
from dragon_node.failures.memory import FailureMemory
from dragon_node.lake.records import Note
from tests.support.failures import FIXED, Copy, Story, failure, git_id

F = "f1"

ACTIONS = (
    *("fail", "fail otherwise", "pass", "look", "act", "edit", "undo", "commit"),
    *("prove", "accept", "reject", "quiet", "loud"),
)
actions = st.lists(
    st.tuples(
        st.sampled_from(["laptop", "desktop"]),
        st.sampled_from(ACTIONS),
    ),
    max_size=32,
)


def act(copy: Copy, action: str) -> None:
    match action:
        case "fail":
            copy.fails(failure())
        case "fail otherwise":
            copy.fails(failure("f2", values="v2"))
        case "pass":
            copy.passes()
        case "look":
            copy.run("git status")
        case "act":
            copy.run("docker start db")
        case "prove" | "accept" | "reject":
            judge(copy, action)
        case "quiet" | "loud":
            word = {"project": "id-shop", "quiet": "yes" if action == "quiet" else ""}
            copy.story.accept(Note("quiet", word))
        case "edit":
            copy.write("shop/cart.py", FIXED)
        case "undo":
            copy.write("shop/cart.py", "def price(item):\n    return TABLE[item]\n")
        case _:
            copy.commit("work")


def judge(copy: Copy, action: str) -> None:
    """Of the newest remedy; of one that is not kept when there is none."""
    story = copy.story
    newest = story.db.execute("SELECT id FROM remedies ORDER BY passed_lsn DESC LIMIT 1").fetchone()
    remedy = str(newest[0]) if newest else "none"
    if action == "prove":
        story.tell(copy, ProofFinished(remedy, Fingerprint(F), "confirmed", red=3, green=3, runs=3))
    else:
        story.accept(Note("feedback", {"remedy_id": remedy, "verdict": f"{action}ed"}))


@settings(max_examples=60, deadline=None)
@given(actions)
def test_a_replay_gives_the_same_rows(day: list[tuple[str, str]]) -> None:
    story = Story()
    copies = {name: story.copy(name) for name in ("laptop", "desktop")}
    for name, action in day:
        act(copies[name], action)
    again = Story()
    for record in story.records:
        again.db.execute(
            "INSERT OR IGNORE INTO projects VALUES(?,?)", (record.project, record.project_name)
        )
        FailureMemory().apply(again.db, record)
    assert rows(again) == rows(story)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz")), min_size=1))
def test_what_changed_between_two_runs_is_the_difference_of_their_files(
    days: list[dict[str, str]],
) -> None:
    """However many runs lie between, whichever way the files went and came back."""
    story = Story()
    copy = story.copy()
    lsns: list[int] = []
    for files in days:
        copy.files = dict(files)
        copy.run("true")
        lsns.append(len(story.records))
    first, last = runs.load(story.db, lsns[0]), runs.load(story.db, lsns[-1])
    changes = runs.between(story.db, first, last)
    assert changes is not None
    assert {c.path: (c.old_git, c.new_git) for c in changes} == {
        path: (git_id(days[0].get(path)), git_id(days[-1].get(path)))
        for path in {*days[0], *days[-1]}
        if days[0].get(path) != days[-1].get(path)
    }


def rows(story: Story) -> dict[str, list[tuple[object, ...]]]:
    """Of the failure memory's tables; others lie in the same file and are not its to fill."""
    alone = apsw.Connection(":memory:")
    alone.execute(FailureMemory().schema)
    tables = alone.execute("SELECT name FROM sqlite_schema WHERE type='table'").fetchall()
    return {
        str(table): sorted(story.db.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
        for (table,) in tables
    }
