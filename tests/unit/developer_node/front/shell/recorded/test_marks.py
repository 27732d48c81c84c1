"""Marks are found however the stream is cut, and everything else passes as it came."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from developer_node.front.shell.kept_output import KeptOutput
from developer_node.front.shell.recorded.marks import MARK_BYTES_MAX, Mark, MarkReader
from developer_node.front.shell.recorded.shell_output import without_shell
from tests.support.person import SOURCES

MARKS = (b"\x1b]133;C;aid=x;k=1\x07", b"\x1b]133;D;0;aid=x\x1b\\", b"\x1b]7;file://h/a\x07")
PIECES = st.lists(st.sampled_from([*MARKS, b"text\r\n", b"\x1b[31m", b"\x1b", b"\x1b]0;t\x07"]))


def _read(data: bytes, cuts: list[int]) -> tuple[bytes, list[bytes]]:
    reader = MarkReader()
    ends = [*sorted(c % (len(data) + 1) for c in cuts), len(data)]
    output, marks, at = b"", list[bytes](), 0
    for end in ends:
        for piece in reader.feed(data[at:end]):
            if isinstance(piece, Mark):
                marks.append(piece.raw)
            else:
                output += piece
        at = end
    return output + reader.rest(), marks


@given(PIECES, st.lists(st.integers(0, 10_000), max_size=20))
def test_the_same_is_found_however_the_stream_is_cut(pieces: list[bytes], cuts: list[int]) -> None:
    data = b"".join(pieces)
    assert _read(data, cuts) == _read(data, [])


def test_a_mark_that_never_ends_is_output_and_is_not_held_for_ever() -> None:
    reader = MarkReader()
    endless = b"\x1b]133;C;" + b"x" * (2 * MARK_BYTES_MAX)
    held = b"".join(p for p in reader.feed(endless) if isinstance(p, bytes))
    held += b"".join(p for p in reader.feed(b"after") if isinstance(p, bytes))
    assert held + reader.rest() == endless + b"after"
    assert len(held) > MARK_BYTES_MAX


def test_only_the_blanks_of_zsh_itself_are_taken_from_the_end() -> None:
    filler = b"\x1b[1m\x1b[7m%\x1b[27m\x1b[1m\x1b[0m" + b" " * 79 + b"\r \r"
    kept = without_shell(KeptOutput(b"50%" + filler, b"", 3 + len(filler)), "zsh")
    assert kept == KeptOutput(b"50%", b"", 3)
    assert without_shell(KeptOutput(b"a   \n", b"", 5), "zsh") == KeptOutput(b"a   \n", b"", 5)


def test_nothing_but_the_standard_library_is_loaded_before_the_shell_is_up() -> None:
    script = (
        "import sys; before = set(sys.modules); "
        "from developer_node.front.cli import shell; "
        "from developer_node.front.shell.recorded import opening; "
        "more = {m.partition('.')[0] for m in set(sys.modules) - before}; "
        "print(sorted(m for m in more if m not in sys.stdlib_module_names))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=SOURCES, check=True
    )
    assert done.stdout == "['developer_node']\n"
