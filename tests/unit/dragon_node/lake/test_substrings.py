"""Exact search: what trigrams leave out must be what a scan would not have found."""

from __future__ import annotations

import re
from collections.abc import Iterator

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import Invalid, OverLimit
from common.model.event import Event, FileChanged
from common.model.ids import EventId, WorkingCopyId, content_hash
from dragon_node.ingest.chunking import chunk
from dragon_node.lake import code, project, substrings
from dragon_node.lake.substrings import (
    Found,
    as_re_reads_it,
    literal_finder,
    match_expression,
    regex_finder,
)

FILES = {
    "a.py": "def alpha(x):\n    return x + 1\n\n# alpha and beta\n",
    "b/beta.py": 'beta = "al\\"pha"\r\nBETA = beta\r\n',
    "c.txt": "no newline at the end: alpha",
    "empty.txt": "",
    "nul.bin": "before\x00after alpha",
    "umlaut.md": "Grüße, Ärger und alphabet\n",
}


@pytest.fixture(scope="module")
def db() -> Iterator[apsw.Connection]:
    """A project's file with FILES in it."""
    connection = apsw.Connection(":memory:")
    connection.execute(project.SCHEMA)
    for lsn, (path, text) in enumerate(FILES.items(), start=1):
        raw = text.encode()
        event = Event(
            EventId(f"{lsn:032x}"),
            0,
            WorkingCopyId("1" * 16),
            FileChanged(path, content=content_hash(raw), size=len(raw)),
        )
        blobs = {content_hash(raw): raw}
        code.keep(connection, blobs)
        code.apply(connection, event, lsn, blobs, chunk, code.Changed())
    yield connection
    connection.close()


def _literal(db: apsw.Connection, query: str, limit: int = 1000) -> list[tuple[str, int]]:
    required, find = literal_finder(query)
    hits = substrings.search(db, required, find, limit, "thing")
    return [(h.path, h.start_line) for h in hits]


def _regex(db: apsw.Connection, pattern: str) -> list[tuple[str, int]]:
    required, find = regex_finder(pattern)
    hits = substrings.search(db, required, find, 1000, "thing")
    return [(h.path, h.start_line) for h in hits]


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    return [line.removesuffix("\r") for line in (lines[:-1] if lines[-1] == "" else lines)]


def _grep(pattern: str) -> list[tuple[str, int]]:
    """What a scan with `re` finds."""
    compiled = re.compile(pattern)
    return [
        (path, number)
        for path, text in sorted(FILES.items())
        for number, line in enumerate(_lines(text), start=1)
        if compiled.search(line)
    ]


def test_every_line_with_the_text_is_found_in_path_and_line_order(db: apsw.Connection) -> None:
    assert _literal(db, "alpha") == _grep("alpha")
    assert len(_literal(db, "alpha")) == 5


def test_it_is_case_sensitive(db: apsw.Connection) -> None:
    assert _literal(db, "BETA") == [("b/beta.py", 2)]


@pytest.mark.parametrize("query", ["x", "+ ", "=", "ü"])
def test_texts_too_short_for_a_trigram_are_scanned_for(db: apsw.Connection, query: str) -> None:
    assert _literal(db, query) == _grep(re.escape(query))
    assert _literal(db, query)


@pytest.mark.parametrize("query", ['al\\"pha', "Grüße", "after alpha", "\x00aft", "re\x00af"])
def test_quotes_umlauts_and_nul_are_ordinary(db: apsw.Connection, query: str) -> None:
    assert len(_literal(db, query)) == 1


def test_a_text_with_a_line_end_spans_lines(db: apsw.Connection) -> None:
    required, find = literal_finder("x):\n    return")
    hits = substrings.search(db, required, find, 10, "thing")
    assert [(h.path, h.start_line, h.end_line) for h in hits] == [("a.py", 1, 2)]


def test_lines_are_shown_without_their_end(db: apsw.Connection) -> None:
    required, find = literal_finder("BETA")
    (hit,) = substrings.search(db, required, find, 10, "thing")
    assert hit.text == "BETA = beta"


def test_a_line_that_matches_twice_is_one_hit() -> None:
    _, find = literal_finder("aa")
    assert list(find("aaaa aa\nb\naa")) == [Found(1, 1, "aaaa aa"), Found(3, 3, "aa")]


def test_trigrams_narrow_the_search(db: apsw.Connection) -> None:
    """The control: without an index it would still find everything, only slowly."""
    expression = match_expression(literal_finder("alphabet")[0])
    rows = db.execute("SELECT count(*) FROM trigrams WHERE trigrams MATCH ?", (expression,)).get
    assert rows == 1


@pytest.mark.parametrize(
    ("pattern", "required"),
    [
        ("alpha", (("alpha",),)),
        ("al.*beta", (("beta",),)),
        ("foo|barbaz", (("foo", "barbaz"),)),
        ("(foo)?bar", (("bar",),)),
        ("(?:alpha)+x", (("alpha",),)),
        ("^alpha$", (("alpha",),)),
        ("al[pq]ha", ()),
        ("foo|x", ()),
        ("(?i)alpha", ()),
        ("(?i:alpha)beta", (("beta",),)),
        ("(?!alpha)beta", (("beta",),)),
        (r"\w+", ()),
    ],
)
def test_only_what_every_match_contains_is_required(
    pattern: str, required: substrings.Required
) -> None:
    assert regex_finder(pattern)[0] == required


@pytest.mark.parametrize(
    "pattern",
    ["alpha|BETA", r"\bbeta\b", "^def", "a.pha$", "(?i)beta", r"[^\W\d]+\(", "x{1}", "Gr.+e,", "$"],
)
def test_expressions_find_what_re_finds(db: apsw.Connection, pattern: str) -> None:
    assert _regex(db, pattern) == _grep(pattern)
    assert _regex(db, pattern)


_pieces = st.sampled_from(
    ["alpha", "beta", "a", ".", ".*", "(al)?", "(?:be|al)", "pha", "x?", "[ab]", "^", "$", r"\w",
     "(?i:BETA)", "{", "(?:eta)+", "|", "=", r"\b"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(_pieces, min_size=1, max_size=5).map("".join))
def test_no_expression_loses_a_line_to_the_index(db: apsw.Connection, pattern: str) -> None:
    try:
        wanted = _grep(pattern)
    except re.error:
        return
    assert _regex(db, pattern) == wanted


@pytest.mark.filterwarnings("ignore:Possible nested set")
@pytest.mark.parametrize("text", ["foo{i}", "x{,2}", "a[[b]", "[]a]", "[^]a]x{e<=1}", r"\[{"])
def test_braces_and_brackets_mean_what_they_mean_to_re(text: str) -> None:
    import regex

    sample = ["foo{i}", "fo", "xx", "a[", "ab", "]", "a", "b", "bx{e<=1}", "[{", ""]
    ours = regex.compile(as_re_reads_it(text))
    theirs = re.compile(text)
    assert [bool(ours.search(s)) for s in sample] == [bool(theirs.search(s)) for s in sample]


def test_an_expression_that_explodes_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(substrings, "REGEX_SECONDS_MAX", 0.05)
    _, find = regex_finder(r"(x+x+)+y")
    with pytest.raises(OverLimit, match="took more than"):
        list(find("x" * 5_000))


def test_an_expression_that_is_none_is_invalid() -> None:
    with pytest.raises(Invalid) as error:
        regex_finder("(")
    assert error.value.field == "query"
