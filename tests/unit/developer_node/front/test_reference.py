"""Citations open at their lines."""

from __future__ import annotations

import pytest

from common.errors import Invalid, Missing
from developer_node.front.output_blob import as_json, shown
from developer_node.front.reference import Reference, excerpt, read_reference

BLOB = "0123456789abcdef" * 2
TEN = b"".join(b"line %d\n" % n for n in range(1, 11))


@pytest.mark.parametrize(
    ("text", "lines"), [(BLOB, (0, 0)), (f"{BLOB}:7", (7, 7)), (f"{BLOB}:7-9", (7, 9))]
)
def test_a_reference_names_a_blob_and_its_lines(text: str, lines: tuple[int, int]) -> None:
    meant = read_reference(text)
    assert (meant.blob, meant.start, meant.end) == (BLOB, *lines)


@pytest.mark.parametrize("text", ["", "a.py:3", BLOB[:-1], f"{BLOB}:0", f"{BLOB}:9-7", f"{BLOB}:"])
def test_what_names_no_lines_of_a_blob_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_reference(text)


def test_the_cited_lines_are_cut_out_and_no_others() -> None:
    assert excerpt(TEN, read_reference(f"{BLOB}:3-4")).lines == ("line 3", "line 4")


def test_context_stops_at_both_ends_of_the_blob() -> None:
    found = excerpt(TEN, read_reference(f"{BLOB}:2-9"), context=5)
    assert (found.start, len(found.lines), found.total) == (1, 10, 10)


def test_a_line_beyond_the_end_is_missing_and_an_empty_blob_opens() -> None:
    with pytest.raises(Missing, match="10 lines"):
        excerpt(TEN, read_reference(f"{BLOB}:11"))
    assert excerpt(b"", Reference(read_reference(BLOB).blob)).lines == ()


def test_into_a_pipe_go_the_bare_lines_and_numbers_to_a_terminal() -> None:
    meant = read_reference(f"{BLOB}:3")
    found = excerpt(TEN, meant)
    piped, seen = shown(meant, found, numbers=False), shown(meant, found, numbers=True)
    assert [span.text for span in piped[0]] == ["line 3"]
    assert [span.text for span in seen[0]] == ["3  ", "line 3"]


def test_json_says_which_lines_these_are() -> None:
    meant = read_reference(f"{BLOB}:3-4")
    assert as_json(meant, excerpt(TEN, meant)) == {
        "blob": BLOB,
        "start_line": 3,
        "end_line": 4,
        "lines_total": 10,
        "text": "line 3\nline 4\n",
    }
