"""git's refusals."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.git import PARSER
from tests.support.tool_samples import parsed, said, sample, silent


@pytest.mark.parametrize(
    "name", ["merge_conflict", "rebase_conflict", "cherry_pick", "stash_conflict"]
)
def test_a_conflict_is_the_files_and_not_what_follows_from_it(name: str) -> None:
    assert said(PARSER, f"git/{name}") == [("CONFLICT (content)", "f:0", "Merge conflict in f")]


@pytest.mark.parametrize("name", ["push_rejected", "push_rejected_colours"])
def test_a_rejected_push_says_why(name: str) -> None:
    assert said(PARSER, f"git/{name}") == [("rejected", "", "main: fetch first")]


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("protected", "environment", "main: deletion prohibited"),
        ("pathspec", "environment", "pathspec 'nowhere' did not match"),
        ("no_repository", "environment", "not a git repository"),
        ("no_upstream", "environment", "The current branch other has no upstream branch"),
        ("no_remote", "environment", "'elsewhere' does not appear to be a git repository"),
        ("unknown_command", "environment", "'comit' is not a git command"),
        ("unknown_option", "environment", "unknown option `nosuch'"),
        ("identity", "environment", "Author identity unknown"),
        ("lock", "environment", "Unable to create '/home/mira/r2/.git/index.lock'"),
        ("worktree", "environment", "'main' is already checked out"),
        ("commit_unmerged", "environment", "Committing is not possible"),
        ("local_language", "environment", "nowhere - not something we can merge"),
        ("host", "network", "unable to access 'https://nowhere.invalid/shop.git/'"),
        ("ssh_host", "network", "Could not resolve hostname nowhere.invalid"),
    ],
)
def test_each_refusal_is_told_once(name: str, kind: str, words: str) -> None:
    (found,) = parsed(PARSER, f"git/{name}").found
    assert found.symptom.kind == kind
    assert found.symptom.complaint.headline.startswith(words)


def test_files_in_the_way_are_named() -> None:
    (found,) = parsed(PARSER, "git/checkout_dirty").found
    assert [f.path for f in found.symptom.complaint.frames] == ["f"]


def test_a_key_that_ssh_does_not_take_is_a_matter_of_permission() -> None:
    # OpenSSH's words; git's own come after it and only follow.
    text = (
        "git@example.com: Permission denied (publickey).\n"
        "fatal: Could not read from remote repository.\n"
    )
    assert not silent(PARSER, text)


@pytest.mark.parametrize("name", ["clean", "nothing", "hook"])
def test_what_is_no_refusal_of_git_says_nothing(name: str) -> None:
    assert silent(PARSER, sample(f"git/{name}").text)


@pytest.mark.parametrize(
    "text",
    [
        "fatal: [web1]: FAILED! => {}",  # ansible
        "error: could not compile `shop`",
        "error: invalid flag: -nosuch",
        "98d7d4b error: fatal: is what a commit says",
        "0 errors",
    ],
)
def test_what_is_not_gits_is_left_to_others(text: str) -> None:
    assert silent(PARSER, text)
