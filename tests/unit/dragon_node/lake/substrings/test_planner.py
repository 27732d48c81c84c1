"""The planner: what it asks for is in every line that matches."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

from dragon_node.lake.substrings.needs import (
    IMPOSSIBLE,
    NOTHING,
    All,
    Any,
    Needs,
    expression,
    trigrams_in,
)
from dragon_node.lake.substrings.planner import plan
from dragon_node.lake.substrings.syntax import parsed
from tests.support.patterns import patterns, texts


def _all(*parts: Needs) -> Needs:
    return All(frozenset(parts))


def _any(*parts: Needs) -> Needs:
    return Any(frozenset(parts))


@pytest.mark.parametrize(
    ("pattern", "needs"),
    [
        ("alp", "alp"),
        ("alpha", _all("alp", "lph", "pha")),
        ("al.*beta", _all("bet", "eta")),
        ("foo|bar", _any("foo", "bar")),
        ("foo(?:bar|baz)", _all("foo", "oob", "oba", _any("bar", "baz"))),
        ("(foo)?bar", "bar"),
        ("x(foo)?bar", _all("bar", _any("xba", _all("xfo", "foo", "oob", "oba")))),
        ("(?:abc)+x", _all("abc", "bcx")),
        ("(?:ab){3}", _all("aba", "bab")),
        ("(?:ab){2,}c", _all("aba", "bab", "abc")),
        ("^alp$", "alp"),
        ("a[lm]p", _any("alp", "amp")),
        ("ab[^c]d", NOTHING),
        (r"foo\w+bar", _all("foo", "bar")),
        ("foo|x", NOTHING),
        ("(?!alpha)bet", "bet"),
        ("(?=foo)bar", _all("foo", "bar")),
        ("(?<=foo)bar", _all("foo", "bar")),
        ("(a)(?(1)bcd|efg)", _any(_all("abc", "bcd"), _all("aef", "efg"))),
        ("(?>abc)d", _all("abc", "bcd")),
        ("(?x) a b c # d", "abc"),
        ("a\nb", IMPOSSIBLE),
        ("abc|a\nb", "abc"),
        (r"\w+", NOTHING),
        ("", NOTHING),
        ("a\x00b", NOTHING),
        ("[0-9]{3}", _any(*(f"{i:03}" for i in range(1000)))),
    ],
)  # fmt: skip
def test_what_every_match_contains_is_needed(pattern: str, needs: Needs) -> None:
    assert plan(parsed(pattern)) == needs


def test_case_is_ignored_in_every_way_it_can_be_written() -> None:
    assert trigrams_in(plan(parsed("(?i)abk"))) == {
        a + b + k for a in "aA" for b in "bB" for k in "kK\u212a"
    }
    assert plan(parsed("(?i:abc)xyz")) == plan(parsed("[aA][bB][cC]xyz"))


@pytest.mark.parametrize(
    "pattern",
    ["(?i)" + "abcdefgh" * 500, "(" * 40 + "a" + "{8}" + "){8}" * 40, "[a-z]" * 800, "(a|b)" * 600],
)
def test_a_plan_stays_small(pattern: str) -> None:
    needs = plan(parsed(pattern))
    assert len(trigrams_in(needs)) < 20_000
    assert len(expression(needs, lambda _: 0, 5)[0]) < 10_000


def test_the_rarest_few_are_asked_for() -> None:
    needs = plan(parsed("self-needle"))
    written, is_all = expression(needs, lambda t: 100 if t in ("sel", "elf") else 0, 7)
    assert '"sel"' not in written and '"elf"' not in written
    assert not is_all
    assert expression(needs, lambda _: 0, 9)[1]


@settings(max_examples=200, deadline=None)
@given(patterns, texts)
def test_a_line_that_matches_has_what_is_needed(pattern: str, line: str) -> None:
    line = line.replace("\n", "")
    try:
        found = re.search(pattern, line)
    except (re.error, RecursionError):
        return
    if found is not None:
        assert _has(line, plan(parsed(pattern)))


def _has(line: str, needs: Needs) -> bool:
    match needs:
        case str():
            return needs in line
        case All(parts=parts):
            return all(_has(line, part) for part in parts)
        case Any(parts=parts):
            return any(_has(line, part) for part in parts)
