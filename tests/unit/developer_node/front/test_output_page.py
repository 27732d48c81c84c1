"""What reaches a terminal, and what reaches a pipe."""

from __future__ import annotations

import io

import pytest

from developer_node.front.output_page import Page, Span, line
from developer_node.front.output_progress import steps


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def a_terminal_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def shown(stream: io.StringIO, *spans: str | Span) -> str:
    Page(stream).show(line(*spans))
    return stream.getvalue()


def test_a_pipe_gets_plain_text_and_a_terminal_colour() -> None:
    spans = ("a ", Span("b", "red"))
    assert shown(io.StringIO(), *spans) == "a b\n"
    assert "\x1b[31m" in shown(Screen(), *spans)


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[31m" not in shown(Screen(), Span("b", "red"))


def test_a_dumb_terminal_gets_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert shown(Screen(), Span("b", "red", "file:///b")) == "b\n"


@pytest.mark.parametrize("stream", [io.StringIO, Screen])
def test_what_was_recorded_cannot_drive_the_terminal(stream: type[io.StringIO]) -> None:
    said = shown(stream(), "\x1b]0;owned\x07 \x9b2J [bold]x[/bold] :smile:")
    assert "\x1b]0" not in said and "\x07" not in said and "\x9b" not in said
    assert "[bold]x[/bold] :smile:" in said


def test_a_place_can_be_clicked_on_a_terminal() -> None:
    assert "\x1b]8;" in shown(Screen(), Span("a.py:3", link="file:///a.py"))


def test_long_lines_are_not_cut() -> None:
    assert "x" * 500 in shown(Screen(), "x" * 500)


@pytest.mark.parametrize("stream", [io.StringIO, Screen])
def test_prose_goes_on_where_it_stopped(stream: type[io.StringIO]) -> None:
    into = stream()
    page = Page(into)
    page.stream(Span("so "))
    page.stream(Span("on"))
    page.show((Span("and"),), (Span("then"),))
    assert into.getvalue() == "so onand\nthen\n"


def test_progress_into_a_pipe_says_a_thing_once_and_not_every_turn() -> None:
    stream = io.StringIO()
    with steps(Page(stream), "waiting") as step:
        for share in (0.1, 0.2, 0.3):
            step.now(f"indexing: {share}", share)
    assert stream.getvalue() == "  indexing: 0.1\n"


def test_progress_on_a_terminal_leaves_nothing_behind() -> None:
    stream = Screen()
    with steps(Page(stream), "waiting") as step:
        step.now("indexing [x]", 0.5)
    assert "indexing [x]" in stream.getvalue()
    assert stream.getvalue().rstrip().endswith("\x1b[2K"), "the bar is wiped out"
