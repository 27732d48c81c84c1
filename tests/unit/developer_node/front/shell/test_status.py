"""What git says of a working copy is read byte for byte."""

from __future__ import annotations

from developer_node.front.shell.changes import Difference, parse_batch, parse_differences
from developer_node.front.shell.status import Entry, parse_status

_ID = "1" * 40


def test_head_branch_and_every_sort_of_entry_are_read() -> None:
    output = "\0".join(
        [
            f"# branch.oid {_ID}",
            "# branch.head topic/x",
            "# branch.upstream origin/topic/x",
            f"1 .M N... 100644 100644 100755 {_ID} {_ID} a b.py",
            f"1 M. N... 100644 100644 100644 {_ID} {_ID} staged.py",
            f"1 .M SCMU 160000 160000 160000 {_ID} {_ID} lib",
            f"u UU N... 100644 100644 100644 100644 {_ID} {_ID} {_ID} both.py",
            "? new file",
            "! ignored",
            "",
        ]
    )
    status = parse_status(output.encode())
    assert (status.head, status.branch) == (_ID, "topic/x")
    assert status.entries == (
        Entry("1", b"a b.py", True, "", "100755"),
        Entry("1", b"staged.py", False, "", "100644"),
        Entry("1", b"lib", True, "SCMU", "160000"),
        Entry("u", b"both.py", True, "", "100644"),
        Entry("?", b"new file"),
    )


def test_no_commits_is_no_head_and_a_detached_one_has_no_branch() -> None:
    assert parse_status(b"# branch.oid (initial)\0# branch.head main\0").head == ""
    assert parse_status(b"# branch.oid 1\0# branch.head (detached)\0").branch == ""


def test_a_side_that_was_not_there_has_an_empty_id() -> None:
    zero, one = "0" * 40, "1" * 40
    output = f":000000 100644 {zero} {one} A\0new\0:100644 000000 {one} {zero} D\0old\0"
    assert parse_differences(output.encode()) == [
        Difference("new", "", one),
        Difference("old", one, ""),
    ]


def test_a_name_that_is_no_utf8_is_shown_escaped() -> None:
    line = b":100644 100644 %s %s M\0caf\xe9\0" % (b"1" * 40, b"2" * 40)
    assert parse_differences(line)[0].path == "caf\\xe9"


def test_objects_are_read_by_their_size_not_by_lines() -> None:
    output = b"aa blob 5\nx\n\ny\n\nbb missing\ncc blob 0\n\n"
    assert parse_batch(output) == {"aa": b"x\n\ny\n", "cc": b""}
