"""The corpus's plan and its arithmetic; the story itself runs in the bench."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from common.model.event import ProofFinished
from common.model.failure import Failure, Remedy
from common.model.ids import Fingerprint
from scripts.bench.corpus_counts import (
    apparent,
    come_back,
    figures,
    offered,
    proven,
    reasons,
    unrelated,
)
from scripts.bench.corpus_judging import Seen, mends
from scripts.bench.corpus_plan import Part, planned
from scripts.bench.material.mutants import mutants
from tests.support.puzzles import puzzle

SEEN = Seen("t1", "again", "alone", "operator", True)
RIGHT = replace(SEEN, remedies=1, right=True, first_right=True, first_offered=True, remedy_id="r1")


def _parts(count: int) -> list[Part]:
    one, two = mutants(puzzle())[:2]
    return [Part(replace(puzzle(), number=n), one, two) for n in range(count)]


def _value(what: str, *seen: Seen, proofs: tuple[ProofFinished, ...] = ()) -> str:
    return next(f.value for f in figures(seen, (), proofs) if f.what == what)


def test_every_twelfth_task_is_flaky_and_three_break_together():
    groups = planned(_parts(24))
    assert Counter(g.sort for g in groups for _ in g.parts) == {
        "flaky": 2,
        "two causes": 2,
        "together": 6,
        "alone": 14,
    }
    assert [len(g.parts) for g in groups if g.sort == "together"] == [3, 3]


def test_half_is_committed_before_it_runs_and_every_way_is_taken():
    groups = planned(_parts(164))
    first = sum(g.commits_first for g in groups)
    assert abs(2 * first - len(groups)) <= 6
    assert len({(g.begin, g.commits_first, g.rewriting) for g in groups}) == 3 * 2 * 4


def test_a_task_without_a_second_mistake_has_one_cause():
    parts = _parts(2)
    parts[1].other = None
    assert [g.sort for g in planned(parts)] == ["flaky", "alone"]


def test_a_diff_is_right_when_it_takes_the_mistake_back_at_whatever_line():
    task = puzzle()
    mutant = next(m for m in mutants(task) if m.kind == "operator")
    hunk = "@@ -90 +90 @@\n-            found -= n\n+            found += n\n"
    remedy = Remedy("r", "observed", "code", diff=hunk, paths=(task.module,))
    assert mends(remedy, task, mutant)
    assert not mends(replace(remedy, paths=("tasks/other.py",)), task, mutant)
    assert not mends(replace(remedy, diff=f"{hunk}+    found = 7\n"), task, mutant)
    other = next(m for m in mutants(task) if m.kind == "comparison")
    assert not mends(remedy, task, other)


def test_recall_counts_what_came_back_and_got_no_card():
    missed = replace(SEEN, card=False)
    assert _value("recall of the right change", RIGHT, missed) == "50.0 % (1 of 2)"
    flaky = replace(SEEN, sort="flaky")
    first = replace(SEEN, phase="first")
    assert come_back([RIGHT, missed, flaky, first]) == [RIGHT, missed]


def test_a_remedy_for_what_never_failed_before_is_wrong():
    invented = replace(SEEN, phase="first", first_offered=True, remedies=1)
    assert _value("wrong first remedy", RIGHT, invented) == "50.0 % (1 of 2)"


def test_an_unproven_one_is_offered_to_nobody_and_two_causes_stand_apart():
    unproven = replace(SEEN, remedies=1)
    second = replace(RIGHT, sort="two causes", first_right=False, remedies=2)
    assert offered([RIGHT, unproven, second]) == [RIGHT]
    assert _value("two causes of one symptom", second).startswith("both shown 1 of 1; first the")


def test_a_flake_with_a_remedy_first_is_wrong():
    flake = replace(SEEN, sort="flaky", kind="flake", remedies=1, first_offered=True)
    assert _value("wrong first remedy", RIGHT, flake) == "50.0 % (1 of 2)"
    assert _value("flaky tests", flake) == "called so, without a commit: 0 of 1"
    said = replace(flake, first_offered=False, flaky=True)
    assert _value("flaky tests", said) == "called so, without a commit: 1 of 1"


def test_a_remedy_is_tried_once_however_often_it_was_shown():
    other = replace(RIGHT, task="t2", remedy_id="r2")
    shown = [RIGHT, replace(RIGHT, phase="moved"), other, replace(other, remedy_id="")]
    assert set(proven([*shown[:3]], 10)) == {"r1", "r2"}
    assert len(proven(shown[:3], 1)) == 1


def test_the_control_is_what_a_flaky_test_passed_after_each_once() -> None:
    flake = replace(SEEN, sort="flaky", kind="flake", remedy_id="r9")
    assert apparent([RIGHT, flake, flake, replace(flake, remedy_id="")], 5) == ["r9"]
    confirmed = ProofFinished("r9", Fingerprint(""), "confirmed")
    (said,) = [
        f.value for f in figures([], [], (), (confirmed,)) if f.what.endswith("mended nothing")
    ]
    assert said == "100.0 % (1 of 1)"


def test_reasons_are_counted_without_the_names_of_tasks():
    def unproven(name: str) -> ProofFinished:
        reason = f"tests/test_{name}.py::test_total fails with the remedy too"
        return ProofFinished("r", Fingerprint(""), "unproven", reason)

    counted = reasons([unproven("t001_total"), unproven("t002_total")])
    assert counted == {"tests/... fails with the remedy too": 2}
    confirmed = ProofFinished("r", Fingerprint(""), "confirmed")
    share = _value("confirmed of those shown", proofs=(confirmed, unproven("t003_total")))
    assert share == "50.0 % (1 of 2)"


def test_only_failures_of_different_tasks_are_unrelated():
    def failure(name: str) -> Failure:
        return Failure("pytest", "E", "test", "m", "m", fingerprint=Fingerprint(name))

    firsts = [("t1", failure("a")), ("t1", failure("a")), ("t2", failure("b"))]
    assert len(list(unrelated(firsts))) == 2
    assert next(f.value for f in figures([], firsts, ()) if f.what == "false same") == "0 of 2"
    same = [("t1", failure("a")), ("t2", failure("a"))]
    assert next(f.value for f in figures([], same, ()) if f.what == "false same") == "1 of 1"
