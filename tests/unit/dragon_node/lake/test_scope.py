"""What is inside a scope: globs as they are defined, and SQL that agrees with the definition."""

from __future__ import annotations

import fnmatch

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid
from common.model.lake import SearchQuery
from dragon_node.lake.scope import EVERYWHERE, Scope, docs, glob_regex, scope_of, versions


@pytest.mark.parametrize(
    ("glob", "inside", "outside"),
    [
        ("src/**/*.py", ["src/a.py", "src/b/c/d.py"], ["a.py", "src/a.pyc", "lib/src/a.py"]),
        ("src/*.py", ["src/a.py"], ["src/b/c.py", "src/.py/x"]),
        ("*.py", ["a.py", "b/c.py"], ["a.pyc"]),
        ("/*.py", ["a.py"], ["b/c.py"]),
        ("src/lake", ["src/lake", "src/lake/a.py"], ["src/lakes/a.py", "x/src/lake/a.py"]),
        ("lake", ["lake", "a/lake/b.py"], ["a/lakes"]),
        ("src/", ["src/a", "x/src/b"], ["srcs/a"]),
        ("**/test_*.py", ["test_a.py", "x/y/test_b.py"], ["x/test_b/a.py"]),
        ("src/**", ["src/a", "src/b/c"], ["src", "srcs/a"]),
        ("a/**/b/**/c", ["a/b/c", "a/x/b/y/z/c"], ["a/c", "a/b/x"]),
        ("[a-c]?.[!p]y", ["a1.ky", "x/b2.ry"], ["d1.ky", "a1.py", "a12.ky"]),
        ("x[", ["x["], ["x"]),
        ("[^/]", [], ["/"]),
        ("[+--]", ["+", "-"], ["a"]),
        ("[]\\[]", ["]", "[", "\\"], ["a"]),
    ],
)
def test_a_glob_means_what_it_says(glob: str, inside: list[str], outside: list[str]) -> None:
    matches = glob_regex(glob).fullmatch
    assert [p for p in inside if not matches(p)] == []
    assert [p for p in outside if matches(p)] == []


SEGMENT = st.text("ab.", min_size=1, max_size=3)
PATH = st.lists(SEGMENT, min_size=1, max_size=4).map("/".join)
PATTERN = st.lists(
    st.one_of(st.just("**"), st.text("ab.*?", min_size=1, max_size=4)), min_size=2, max_size=5
)


def _by_definition(pattern: list[str], path: list[str]) -> bool:
    """One name for each part, any number of directories for `**`."""
    if not pattern:
        return not path
    if pattern[0] == "**":
        if len(pattern) == 1:
            return bool(path)
        return any(_by_definition(pattern[1:], path[i:]) for i in range(len(path)))
    return bool(path) and (
        fnmatch.fnmatchcase(path[0], pattern[0]) and _by_definition(pattern[1:], path[1:])
    )


@given(PATTERN, PATH)
def test_a_glob_is_its_definition(pattern: list[str], path: str) -> None:
    glob = "/".join(pattern)
    expected = _by_definition(["*" if part == "***" else part for part in pattern], path.split("/"))
    if "*" not in glob and "?" not in glob:
        expected = path == glob or path.startswith(glob + "/")
    assert bool(glob_regex(glob).fullmatch(path)) == expected


def test_no_glob_is_tried_in_every_way_there_is() -> None:
    """Stars that could each end anywhere are the usual trap: there would be 10^20 ways."""
    path = "a/" * 100 + "a" * 200
    assert not glob_regex("**/" + "*a" * 40 + "b").fullmatch(path)
    assert not glob_regex("**/a/" * 40 + "b").fullmatch(path)


def _project(rows: list[tuple[str, str, str, str, int]]) -> apsw.Connection:
    """Working copy, its path, file, language and time; every row is a doc of its own."""
    db = apsw.Connection(":memory:")
    db.execute("CREATE TABLE docs(id INTEGER PRIMARY KEY, path TEXT, language TEXT)")
    db.execute("CREATE TABLE versions(working_copy TEXT, path TEXT, doc INTEGER, at_ms INTEGER)")
    db.execute("CREATE TABLE copies(working_copy TEXT PRIMARY KEY, path TEXT)")
    for number, (copy, place, path, language, at_ms) in enumerate(rows):
        db.execute("INSERT INTO docs VALUES(?,?,?)", (number, path, language))
        db.execute("INSERT INTO versions VALUES(?,?,?,?)", (copy, path, number, at_ms))
        db.execute("INSERT OR IGNORE INTO copies VALUES(?,?)", (copy, place))
    return db


def _inside(db: apsw.Connection, scope: Scope) -> set[int]:
    where = docs(scope)
    return {row[0] for row in db.execute(f"SELECT id FROM docs WHERE {where.sql}", where.bindings)}


COPIES = st.sampled_from([("1" * 16, "/home/ada/thing"), ("2" * 16, "/home/ada/clone")])
ROWS = st.lists(
    st.tuples(COPIES, PATH, st.sampled_from(["python", "go", ""]), st.integers(0, 5)), max_size=8
)
SCOPES = st.builds(
    Scope,
    working_copy=st.sampled_from(["", "1" * 16, "/home/ada/clone", "/home/ada/clone/", "/x"]),
    path=st.one_of(st.just(""), PATTERN.map("/".join), SEGMENT),
    language=st.sampled_from(["", "python"]),
    since_ms=st.integers(0, 5),
    until_ms=st.integers(0, 5),
)


@given(ROWS, SCOPES)
def test_docs_are_inside_when_each_bound_holds(
    rows: list[tuple[tuple[str, str], str, str, int]], scope: Scope
) -> None:
    place = scope.working_copy.rstrip("/")
    expected = {
        number
        for number, (copy, path, language, at_ms) in enumerate(rows)
        if (not place or place in copy)
        and (not scope.path or glob_regex(scope.path).fullmatch(path))
        and (not scope.language or language == scope.language)
        and at_ms >= scope.since_ms
        and (not scope.until_ms or at_ms < scope.until_ms)
    }
    db = _project([(*copy, path, language, at) for copy, path, language, at in rows])
    assert _inside(db, scope) == expected


def test_one_version_has_to_satisfy_all_bounds_together() -> None:
    """Saved early in one working copy and late in another is not late in the first."""
    db = _project([("1" * 16, "/one", "a.py", "python", 10)])
    db.execute("INSERT INTO versions VALUES(?,?,0,99)", ("2" * 16, "a.py"))
    db.execute("INSERT INTO copies VALUES(?,?)", ("2" * 16, "/two"))
    assert _inside(db, Scope(working_copy="/one", since_ms=50)) == set()
    assert _inside(db, Scope(working_copy="/two", since_ms=50)) == {0}


def test_nothing_asked_for_is_everywhere_and_costs_nothing() -> None:
    assert not scope_of(SearchQuery("x"))
    assert docs(EVERYWHERE).sql == versions(EVERYWHERE).sql == "TRUE"
    assert scope_of(SearchQuery("x", path="a"))


@pytest.mark.parametrize("query", [SearchQuery("x", path=p) for p in ("a" * 2_000, "[z-a]")])
def test_a_scope_that_cannot_be_read_is_refused(query: SearchQuery) -> None:
    with pytest.raises(Invalid):
        scope_of(query)
