"""Exact search: what trigrams leave out must be what a scan would not have found."""

from __future__ import annotations

import time
from collections.abc import Iterator

import apsw
import pytest

from common.errors import Invalid, OverLimit
from common.model.event import Event, FileChanged, WorkingCopySeen
from common.model.ids import ContentHash, EventId, WorkingCopyId, content_hash
from dragon_node.lake import code, substrings
from dragon_node.lake.code import trigrams
from dragon_node.lake.records import Pieces
from dragon_node.lake.scope import Scope
from dragon_node.lake.substrings import engines
from dragon_node.lake.substrings.candidates import candidates
from tests.support.code import COPY, OTHER, Person
from tests.support.exact import expression, grep, literal, project_of, scan

FILES = {
    "a.py": "def alpha(x):\n    return x + 1\n\n# alpha and beta\n",
    "b/beta.py": 'beta = "al\\"pha"\r\nBETA = beta\r\n',
    "c.txt": "no newline at the end: alpha",
    "empty.txt": "",
    "nul.bin": "before\x00after alpha",
    "umlaut.md": "Grüße, Ärger und alphabet\n",
    "large.py": "".join(f"line_{i} = {i * i}  # {'x' * 60}\n" for i in range(1_000))
    + "zebra = 1\n",
    "wide.js": "short\n" + "var a=1;" * 5_000 + "needle" + "f();" * 5_000 + "\nlast needle\r",
}


@pytest.fixture(scope="module")
def db() -> Iterator[apsw.Connection]:
    """A project's file with FILES in it."""
    connection = project_of(FILES)
    yield connection
    connection.close()


def test_every_line_with_the_text_is_found_in_path_and_line_order(db: apsw.Connection) -> None:
    assert literal(db, "alpha") == grep(FILES, "alpha")
    assert len(literal(db, "alpha")) == 5


def test_the_limit_keeps_the_first(db: apsw.Connection) -> None:
    assert literal(db, "line_", limit=3) == [("large.py", 1), ("large.py", 2), ("large.py", 3)]
    assert expression(db, "alpha", limit=2) == [("a.py", 1), ("a.py", 4)]


def test_case_counts(db: apsw.Connection) -> None:
    assert literal(db, "BETA") == [("b/beta.py", 2)]


@pytest.mark.parametrize("query", ["x", "+ ", "=", "ü", "\r", "\n", ";", "\x00"])
def test_texts_too_short_for_a_trigram_are_scanned_for(db: apsw.Connection, query: str) -> None:
    assert literal(db, query) == scan(FILES, query)
    assert literal(db, query)


@pytest.mark.parametrize("query", ['al\\"pha', "Grüße", "after alpha", "\x00aft", "re\x00af"])
def test_quotes_umlauts_and_nul_are_ordinary(db: apsw.Connection, query: str) -> None:
    assert len(literal(db, query)) == 1


@pytest.mark.parametrize("query", ["\udc80", "al\udc80pha", "\ufffd"])
def test_what_is_no_text_is_nowhere(db: apsw.Connection, query: str) -> None:
    assert literal(db, query) == []
    assert expression(db, query) == []


def test_a_text_with_a_line_end_spans_lines(db: apsw.Connection) -> None:
    hits = substrings.search(db, substrings.literal("x):\n    return"), 10, "thing")
    assert [(h.path, h.start_line, h.end_line) for h in hits] == [("a.py", 1, 2)]


def test_a_text_that_spans_blocks_is_found(db: apsw.Connection) -> None:
    packed = code.held(db, _content(db, "large.py"))
    assert packed.blocks() > 5
    for number in range(1, packed.blocks()):
        last_line, _ = packed.block(number)
        query = f"{'x' * 60}\nline_{last_line} ="
        assert literal(db, query) == [("large.py", last_line)]


def test_blocks_end_to_end_are_the_content(db: apsw.Connection) -> None:
    for path, text in FILES.items():
        packed = code.held(db, _content(db, path))
        assert packed.whole() == text.encode()
        blocks = [packed.block(number) for number in range(packed.blocks())]
        assert b"".join(raw for _, raw in blocks) == text.encode()
        starts = [text.encode()[: text.encode().find(raw)].count(b"\n") for _, raw in blocks if raw]
        assert [line for line, raw in blocks if raw] == starts


def test_only_the_block_with_the_text_is_unpacked(db: apsw.Connection) -> None:
    """The control: every block would do as well, only slowly."""
    (one,) = candidates(db, substrings.literal("zebra"))
    assert one.blocks is not None and len(one.blocks) == 1
    assert literal(db, "zebra") == [("large.py", 1_001)]


def test_a_very_long_line_is_one_hit_and_is_cut(db: apsw.Connection) -> None:
    first, last = substrings.search(db, substrings.literal("needle"), 10, "thing")
    assert (first.start_line, last.start_line, last.text) == (2, 3, "last needle")
    assert len(first.text) == 2_000


def test_lines_are_shown_without_their_end(db: apsw.Connection) -> None:
    (hit,) = substrings.search(db, substrings.literal("BETA"), 10, "thing")
    assert hit.text == "BETA = beta"


def test_a_line_that_matches_twice_is_one_hit() -> None:
    db = project_of({"a": "aaaa aa\nb\naa"})
    assert literal(db, "aa") == expression(db, "aa") == [("a", 1), ("a", 3)]


def test_bytes_that_are_no_text_hide_nothing_around_them() -> None:
    ada = Person()
    raw = b"\xe2needle\xff\n\xe2\xc3\xbcmlaut\n\xf0\x9f needle"
    key = content_hash(raw)
    code.keep(ada.db, {key: raw})
    event = Event(EventId("1" * 32), 0, COPY, FileChanged("a", content=key, size=len(raw)))
    code.apply(ada.db, event, 1, {key: raw}, lambda *_: Pieces(), code.Changed())
    assert literal(ada.db, "needle") == [("a", 1), ("a", 3)]
    assert literal(ada.db, "ümlaut") == [("a", 2)]
    assert literal(ada.db, "\ufffdneedle\ufffd") == [("a", 1)]
    assert expression(ada.db, "\ufffd+needle$") == []
    assert expression(ada.db, "\ufffd needle$") == [("a", 3)]


@pytest.mark.parametrize(
    "pattern",
    ["alpha|BETA", r"\bbeta\b", "^def", "a.pha$", "(?i)beta", r"[^\W\d]+\(", "x{1}", "Gr.+e,", "$"],
)
def test_expressions_find_what_re_finds(db: apsw.Connection, pattern: str) -> None:
    assert expression(db, pattern) == grep(FILES, pattern)
    assert expression(db, pattern)


def test_a_search_is_confined_to_its_scope() -> None:
    ada = Person()
    ada.tell(WorkingCopySeen("/home/ada/thing", "laptop"))
    ada.save("src/a.py", "needle = 1\n")
    ada.save("src/b.md", "needle\n")
    ada.copy = OTHER
    ada.tell(WorkingCopySeen("/home/ada/clone", "laptop"))
    ada.save("src/a.py", "needle = 1\n")
    ada.save("c.py", "needle = 2\n")

    def found(scope: Scope) -> list[tuple[str, str]]:
        hits = substrings.search(ada.db, substrings.literal("needle"), 10, "thing", scope)
        assert hits == substrings.search(
            ada.db, substrings.expression("ne+dle"), 10, "thing", scope
        )
        return [(hit.path, hit.working_copy[-5:]) for hit in hits]

    assert found(Scope()) == [
        ("c.py", "clone"), ("src/a.py", "clone"), ("src/a.py", "thing"), ("src/b.md", "thing"),
    ]  # fmt: skip
    assert found(Scope(path="src")) == [
        ("src/a.py", "clone"), ("src/a.py", "thing"), ("src/b.md", "thing"),
    ]  # fmt: skip
    assert found(Scope(working_copy="/home/ada/clone")) == [
        ("c.py", "clone"),
        ("src/a.py", "clone"),
    ]
    assert found(Scope(working_copy=WorkingCopyId(COPY), language="python")) == [
        ("src/a.py", "thing")
    ]
    assert found(Scope(since_ms=5_000)) == [("c.py", "clone"), ("src/a.py", "clone")]
    assert found(Scope(until_ms=5_000, path="*.py")) == [("src/a.py", "thing")]


def test_a_hit_says_its_language_and_when_it_was_saved() -> None:
    ada = Person()
    ada.save("a.py", "needle = 1\n", head="c1", dirty=False)
    (hit,) = substrings.search(ada.db, substrings.literal("needle"), 10, "thing")
    assert (hit.language, hit.at_ms, hit.commit, hit.dirty) == ("python", 1_000, "c1", False)
    assert hit.why == ("exact text",)


def test_what_was_saved_over_or_deleted_is_not_found() -> None:
    ada = Person()
    ada.save("a.py", "needle = 1\n" * 2_000)
    ada.save("a.py", "noodle = 1\n")
    assert literal(ada.db, "needle") == []
    assert ada.db.execute("SELECT count(*) FROM trigrams WHERE trigrams MATCH 'eed'").get == 0
    ada.delete("a.py")
    assert literal(ada.db, "noodle") == []


def test_the_usual_trigrams_are_asked_for_last() -> None:
    ada = Person()
    for i in range(64):
        ada.save(f"f{i}.py", f"def function_{i}(self): return {i}\n")
    shares = trigrams.shares(ada.db, {"def", "n_7", "qqq"})
    assert shares["def"] == trigrams.SAMPLE_BLOCKS
    assert shares["n_7"] < 10
    assert shares["qqq"] == 0
    assert literal(ada.db, "def function_63(self): return 63") == [("f63.py", 1)]


def test_an_expression_that_explodes_is_stopped() -> None:
    find = substrings.expression(r"(x+x+)+y(?!z)").finder(time.monotonic() + 0.05)
    with pytest.raises(OverLimit, match="took more than"):
        list(find(b"x" * 5_000))


def test_a_regular_expression_never_explodes() -> None:
    assert expression(project_of({"a": "x" * 5_000 + "\nxxy"}), r"(x+x+)+y") == [("a", 2)]


def test_an_expression_that_explodes_stops_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "REGEX_SECONDS_MAX", 0.05)
    db = project_of({"a": "x" * 5_000, "b": "é" + "x" * 5_000})
    with pytest.raises(OverLimit, match="took more than"):
        expression(db, r"(x+x+)+y(?!z)")
    with pytest.raises(OverLimit, match="took more than"):
        expression(db, r"é(x+x+)+y")


@pytest.mark.parametrize(
    "pattern", ["(", "a{2,1}", r"\p{L}", "(?<=a+)b", "(" * 4_000 + ")" * 4_000]
)
def test_an_expression_that_is_none_is_invalid(pattern: str) -> None:
    with pytest.raises(Invalid) as error:
        substrings.expression(pattern)
    assert error.value.field == "query"


def test_chunks_that_contain_a_text_are_counted(db: apsw.Connection) -> None:
    ada = Person()
    ada.save("a.py", "def one():\n    needle = needle\n\n\ndef two():\n    needle = 1\n" * 3)
    ada.save("b.py", "nothing = 1\n")
    found = substrings.chunks_with(ada.db, "needle", 10)
    assert sum(score for _, score in found) == 9
    assert [score for _, score in found] == sorted((s for _, s in found), reverse=True)


def _content(db: apsw.Connection, path: str) -> ContentHash:
    content: bytes = db.execute("SELECT content FROM docs WHERE path=?", (path,)).get
    return ContentHash(content.hex())
