"""Head and tail are kept, the middle is counted, pictures and codes are left out."""

from __future__ import annotations

import pytest

from developer_node.front.shell.kept_output import AlternateScreen, OutputKeeper, plain


def test_short_output_is_kept_whole() -> None:
    keeper = OutputKeeper(8, 8)
    for part in (b"one\n", b"two\n", b"three\n"):
        keeper.add(part)
    kept = keeper.kept()
    assert (kept.text(), kept.total, kept.dropped) == ("one\ntwo\nthree\n", 14, 0)


def test_of_long_output_head_and_tail_stay_and_the_rest_is_counted() -> None:
    keeper = OutputKeeper(20, 20)
    data = b"".join(b"line %04d\n" % i for i in range(1000))
    for at in range(0, len(data), 7):
        keeper.add(data[at : at + 7])
    kept = keeper.kept()
    assert kept.text().startswith("line 0000\nline 0001\n[")
    assert kept.text().endswith("line 0999\n")
    assert kept.total == len(data)
    assert kept.dropped == len(data) - len(kept.head) - len(kept.tail)


def test_a_line_is_never_cut_in_two() -> None:
    """Half a secret would not be recognised as one."""
    keeper = OutputKeeper(10, 10)
    keeper.add(b"short\npassword=hunter2-hunter2-hunter2\nend\n")
    assert keeper.kept().head == b"short\n"
    assert keeper.kept().tail == b"end\n"


def test_what_is_held_in_memory_has_a_limit() -> None:
    keeper = OutputKeeper(10, 10)
    for _ in range(1000):
        keeper.add(b"x" * 9 + b"\n")
    assert len(keeper._head) + len(keeper._tail) <= 10 + 2 * 10


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_the_alternate_screen_is_left_out_however_it_is_split(size: int) -> None:
    data = b"before\x1b[?1049hPICTURE\x1b[31m\x1b[?25l\x1b[?1049lafter \x1b[?25hend\x1b"
    screen = AlternateScreen()
    parts = [screen.visible(data[at : at + size]) for at in range(0, len(data), size)]
    assert b"".join(parts) + screen.rest() == b"beforeafter \x1b[?25hend\x1b"


def test_a_screen_switched_among_other_modes_is_left_out_too() -> None:
    assert AlternateScreen().visible(b"a\x1b[?25;1047hX\x1b[?47lb") == b"ab"


def test_codes_go_and_line_ends_become_one() -> None:
    coloured = (
        b"\x1b[31;1mred\x1b[0m\r\n\x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\x1b(B!"
    )
    assert plain(coloured) == "red\nlink!"


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert plain(b"\xff\xfeok") == "��ok"
