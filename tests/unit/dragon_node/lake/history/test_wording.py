"""Under which words an event is found."""

from __future__ import annotations

from common.model.event import Commit, FileChanged, GitOperation
from dragon_node.lake.history.wording import excerpt, matching, wording, words_of
from tests.support.lake import event, ran


def test_a_name_is_found_whole_and_in_its_parts() -> None:
    assert words_of("getUserName") == ["getusername", "get", "user", "name"]
    assert words_of("get_user_name") == words_of("getUserName")


def test_a_word_is_indexed_once_however_often_it_is_printed() -> None:
    assert words_of("boom boom BOOM") == ["boom"]


def test_a_text_without_words_asks_for_nothing() -> None:
    assert matching("--- ***") == ""


def test_commands_outputs_and_commit_messages_have_words_and_saved_files_have_none() -> None:
    assert wording(event(ran("make all", "done"))) == "make all\ndone"
    moved = GitOperation("commit", message="m", commits=(Commit("1", (), 0, "why"),))
    assert wording(event(moved)) == "m\nwhy"
    assert wording(event(FileChanged("secret_name.py"))) == ""


def test_an_excerpt_is_the_lines_that_say_most_of_it() -> None:
    printed = "collected 3\nE  connection refused\nrefused\nE  connection refused by host\n"
    assert excerpt(printed, "connection refused") == (
        "E  connection refused\nE  connection refused by host"
    )
    assert excerpt(printed, "nowhere") == ""


def test_an_excerpt_of_a_long_line_shows_the_word() -> None:
    printed = "x " * 2_000 + "needle " + "y " * 2_000
    shown = excerpt(printed, "needle")
    assert "needle" in shown
    assert len(shown) <= 240
