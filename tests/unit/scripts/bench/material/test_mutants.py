"""Mistakes are made by rule: the same ones everywhere, each of one place, and each shows."""

from __future__ import annotations

from dataclasses import replace

from scripts.bench.material.mutants import KINDS, failing, mutants, outcome
from tests.support.puzzles import puzzle


def _changed() -> dict[str, list[str]]:
    """Lines that are not the right module's, by kind."""
    lines = puzzle().source.splitlines()
    return {
        kind: sorted(
            line.strip()
            for m in mutants(puzzle())
            if m.kind == kind
            for line in m.source.splitlines()
            if line not in lines
        )
        for kind in KINDS
    }


def test_every_kind_of_mistake_is_made_in_its_place():
    found = _changed()
    assert found["operator"] == ["found -= n"]
    assert found["comparison"] == ["if n > LARGE:"]
    assert found["constant"] == ["found = 1"]
    assert found["wrong return"] == ["return None"]
    assert set(found["raised"]) == {'raise ValueError("total is not ready")'}
    assert found["removed line"] == []


def test_a_line_is_removed_whole():
    gone = [m.source for m in mutants(puzzle()) if m.kind == "removed line"]
    assert puzzle().source.replace("            found += n\n", "") not in gone  # no code any more
    assert puzzle().source.replace("    return found\n", "") in gone


def test_what_stands_outside_the_function_and_in_its_docstring_stays():
    for mutant in mutants(puzzle()):
        assert "LARGE = 100\n" in mutant.source
        assert "    >>> total([1, 2])\n    3\n" in mutant.source


def test_places_are_counted_in_bytes():
    task = replace(puzzle(), source=puzzle().source.replace("found", "gefündén"))
    assert any("gefündén -= n" in m.source for m in mutants(task))


def test_the_number_of_a_task_turns_the_order_of_kinds():
    """Otherwise all tasks had the same kind of mistake."""
    firsts = {mutants(replace(puzzle(), number=n))[0].kind for n in range(len(KINDS))}
    assert firsts == set(KINDS)
    assert mutants(puzzle()) == mutants(puzzle())


def test_only_mistakes_that_show_are_taken():
    found = dict(failing(puzzle()))
    assert {"AssertionError", "ValueError"} <= set(found.values())
    assert all(said == outcome(m.source, puzzle()) for m, said in found.items())


def test_the_control_is_that_nothing_shows_without_a_mistake():
    assert outcome(puzzle().source, puzzle()) == ""


def test_what_never_ends_is_no_mistake_to_record():
    endless = puzzle().source.replace("    found = 0\n", "    found = 0\n    while True: pass\n")
    assert outcome(endless, puzzle()) == ""
