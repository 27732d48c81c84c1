"""The parsers against others' readings: a floor in every run of the tests."""

from __future__ import annotations

import pytest

from scripts.bench import parsers

SCORES = {score.tool: score for score in [*parsers.against_pairs(), *parsers.against_oracle()]}


@pytest.mark.parametrize("tool", [*parsers.PAIRS, *parsers.ORACLES])
def test_what_both_read_is_read_alike(tool: str) -> None:
    """Nothing of ours contradicts a place or an outcome that an oracle knows."""
    assert SCORES[tool].both == SCORES[tool].ours


@pytest.mark.parametrize("tool", ["mypy", "tsc", "eslint", "eslint-compact", "go", "cargo", "jest"])
def test_what_an_oracle_finds_is_found(tool: str) -> None:
    assert SCORES[tool].both == SCORES[tool].theirs > 0


def test_unknown_tools_are_rarely_heard_and_then_rightly() -> None:
    (score,) = (s for tool, s in SCORES.items() if "unknown" in tool)
    assert score.ours - score.both <= 1


def test_no_two_failures_of_all_samples_are_taken_for_the_same() -> None:
    paths = sorted(parsers.DIRECTORY.glob("*/*.txt"))
    failures = [failure for path in paths for failure in parsers.failures_of(path)]
    pairs = list(parsers.unrelated_pairs(failures))
    assert len(pairs) >= 3000
    assert [
        p for p in pairs if (p[0].fingerprint, p[0].values) == (p[1].fingerprint, p[1].values)
    ] == []
