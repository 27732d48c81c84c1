"""`postdevai` as a process, against a real local API on a real socket with scripted answers."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from common.errors import (
    Conflict,
    Corrupt,
    Denied,
    Invalid,
    Missing,
    OverLimit,
    PostDevAIError,
    Unavailable,
)
from common.model.answer import (
    AskEnd,
    AskPart,
    AskPassages,
    AskRequest,
    AskText,
    Freshness,
    Hit,
    ProjectFreshness,
)
from common.model.event import (
    ActDone,
    CommandFinished,
    Commit,
    Event,
    GitOperation,
    WorkingCopySeen,
)
from common.model.failure import Failure, Flakiness, Frame, Occurrence, Recollection, Remedy
from common.model.ids import ContentHash, EventId, NodeId, WorkingCopyId
from common.model.lake import HistoryEntry, HistoryQuery, LakeStats, SearchQuery
from common.model.laptop import (
    Circuit,
    LaptopStatus,
    NearStatus,
    OutboxStatus,
    WatchedRepository,
)
from common.model.llm import Model
from common.model.node import Node
from tests.support.local_api import FRESH, Script, serve
from tests.support.typed import Terminal

BLOB = ContentHash("0123456789abcdef" * 2)
HIT = Hit(
    "thing", "/code/thing", "src/retry.py", 12, 20, "Policy.next", "a" * 40, BLOB, True, 0.5,
    ("words", "symbol"), "def next(self):\n    return 1\n",
)  # fmt: skip


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "home", tmp_path)


@pytest.fixture
async def script(terminal: Terminal) -> AsyncGenerator[Script]:
    """A daemon that serves what the test puts in."""
    async with serve(terminal.home, Script(), os.getpid()) as made:
        yield made


def answers(parts: Sequence[AskPart]) -> Callable[[AskRequest], AsyncIterator[AskPart]]:
    async def answer(asked: AskRequest) -> AsyncIterator[AskPart]:
        for part in parts:
            yield part

    return answer


# Refusals and exit codes

NEEDS_A_DAEMON = (
    ("status",),
    ("nodes",),
    ("search", "x"),
    ("ask", "x"),
    ("recall",),
    ("history",),
    ("open", BLOB),
    ("invite", "tool"),
    ("watch", "."),
)


@pytest.mark.parametrize("words", NEEDS_A_DAEMON, ids=lambda words: words[0])
async def test_without_a_daemon_it_is_unavailable_and_says_how_to_start(
    terminal: Terminal, words: tuple[str, ...]
) -> None:
    done = await terminal.type(*words)
    assert done.code == 3
    assert done.err == (
        "The developer node is not running.\n  Start it with: postdevai up --repo DIR\n"
    )


REFUSALS = (
    (Missing("gone"), 1),
    (Invalid("bad", field="query"), 2),
    (Unavailable("away"), 3),
    (Denied("no"), 4),
    (Conflict("held"), 4),
    (OverLimit("full: 9 of 9"), 4),
    (Corrupt("torn"), 5),
)


@pytest.mark.parametrize(("refusal", "code"), REFUSALS, ids=lambda value: type(value).__name__)
async def test_each_refusal_has_its_exit_code_one_sentence_and_its_hint(
    terminal: Terminal, script: Script, refusal: PostDevAIError, code: int
) -> None:
    refusal.hint = "do this next"
    script.refusal = refusal
    done = await terminal.type("search", "--json", "x")
    assert done.code == code
    sentence = refusal.message[0].upper() + refusal.message[1:]
    assert done.err == f"{sentence}\n  do this next\n"
    assert done.out == ""


@pytest.mark.parametrize(
    "words",
    [
        ("serach", "x"),
        ("search",),
        ("search", "--regex", "--literal", "x"),
        ("search", "--k", "1001", "x"),
        ("history", "--kind", "thought"),
        ("history", "--since", "soon"),
        ("recall", "--last", "--fingerprint", "f"),
        ("open", "README.md"),
        ("invite", "admin"),
        ("watch", "/nowhere/at/all"),
        ("run",),
        ("run", "--cwd", "/nowhere/at/all", "--", "true"),
        ("run", "--detach", "--", "true"),
    ],
    ids=" ".join,
)
async def test_wrong_usage_is_two_and_said_in_words(
    terminal: Terminal, words: tuple[str, ...]
) -> None:
    done = await terminal.type(*words)
    assert done.code == 2
    assert done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("watch", "/nowhere"), "/nowhere is not a directory.\n  Type: postdevai watch DIR\n"),
        (
            ("run", "--cwd", "/nowhere", "x"),
            "/nowhere is not a directory. Type: postdevai run --cwd DIR -- CMD...\n",
        ),
        (("ask", " "), 'There is no question. Type: postdevai ask "where is ..."\n'),
        (("search", ""), "There is nothing to search for. Type: postdevai search WORDS\n"),
    ],
)
async def test_wrong_usage_says_what_to_type_for_this_very_command(
    terminal: Terminal, words: tuple[str, ...], said: str
) -> None:
    assert (await terminal.type(*words)).err == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("invite", "boss"), "Error: Invalid value for 'ROLE': 'boss' is not one of 'dragon',"),
        (
            ("search", "--k", "0", "x"),
            "Error: Invalid value for '--k': Input should be greater than",
        ),
        (
            ("ask", "--max-tokens", "0", "x"),
            "Error: Invalid value for '--max-tokens': Input should be greater than",
        ),
    ],
)
async def test_a_wrong_value_is_refused_in_a_plain_sentence(
    terminal: Terminal, words: tuple[str, ...], said: str
) -> None:
    done = await terminal.type(*words)
    assert (done.code, said in done.err) == (2, True), done.err


@pytest.mark.parametrize("words", [("status",), ("up",), ("down",), ("history",)], ids=" ".join)
async def test_a_home_that_cannot_be_used_is_one_sentence_and_four(
    terminal: Terminal, words: tuple[str, ...]
) -> None:
    (terminal.cwd / "file").write_text("")
    terminal.home = terminal.cwd / "file" / "home"
    done = await terminal.type(*words)
    assert done.code == 4
    assert done.err.count("\n") == 2
    assert "cannot be made" in done.err and "POSTDEVAI_HOME" in done.err


async def test_the_version_is_told(terminal: Terminal) -> None:
    assert (await terminal.type("--version")).out == f"postdevai {version('postdevai')}\n"


async def test_a_socket_directory_open_to_others_is_refused(
    terminal: Terminal, script: Script
) -> None:
    token = terminal.home / "developer" / "token"
    token.chmod(0o644)
    done = await terminal.type("search", "x")
    assert done.code == 4
    assert "open to others" in done.err and "chmod go-rwx" in done.err
    assert script.asked == []


async def test_another_start_s_token_is_refused(terminal: Terminal, script: Script) -> None:
    token = terminal.home / "developer" / "token"
    token.write_text("a token of yesterday")
    assert (await terminal.type("search", "x")).code == 4
    assert script.asked == []


# Search, open


async def test_search_json_is_the_contract(terminal: Terminal, script: Script) -> None:
    script.hits = (HIT,)
    script.complete = False
    done = await terminal.type(
        "search", "--json", "--k", "5", "--project", "thing", "retry", "policy"
    )
    assert done.code == 0
    assert done.json["hits"][0] | {"why": None} == {
        "project": "thing",
        "working_copy": "/code/thing",
        "path": "src/retry.py",
        "start_line": 12,
        "end_line": 20,
        "symbol": "Policy.next",
        "commit": "a" * 40,
        "blob": BLOB,
        "dirty": True,
        "score": 0.5,
        "why": None,
        "kind": "code",
        "event": None,
        "language": None,
        "at": None,
    }
    assert done.json["complete"] is False
    assert done.json["freshness"]["projects"][0]["files_behind"] == 0
    assert script.asked == [SearchQuery("retry policy", "fused", 5, "thing")]


async def test_nothing_found_is_one_with_an_empty_list(terminal: Terminal, script: Script) -> None:
    done = await terminal.type("search", "--json", "--regex", "x.*y")
    assert (done.code, done.json["hits"]) == (1, [])
    assert script.asked == [SearchQuery("x.*y", "regex", 1000, "")]


async def test_literal_hits_go_into_a_pipe_as_grep_prints_them(
    terminal: Terminal, script: Script
) -> None:
    one = Hit("thing", str(terminal.cwd), "a b.py", 3, 3, text="def [red]open[/red]():\n")
    script.hits = (one, Hit("thing", "/elsewhere", "c.py", 9, 9, text="  open\x1b[31m"))
    done = await terminal.type("search", "--literal", "open")
    assert done.out == "a b.py:3: def [red]open[/red]():\n/elsewhere/c.py:9:   open\ufffd[31m\n"


async def test_a_citation_opens_at_its_lines(terminal: Terminal, script: Script) -> None:
    script.blobs[BLOB] = b"one\ntwo\nthree\n"
    assert (await terminal.type("open", f"{BLOB}:2-3")).out == "two\nthree\n"
    assert (await terminal.type("open", "--json", f"{BLOB}:2")).json["text"] == "two\n"
    assert (await terminal.type("open", "f" * 32)).code == 1


# Ask

PASSAGES = AskPassages((HIT,), FRESH, "SmolLM2-135M-Instruct", demonstration=True)
END = AskEnd("The policy decides [1].", (HIT,), "stop", 5, 100)


async def test_ask_json_is_the_contract(terminal: Terminal, script: Script) -> None:
    script.answer = answers([PASSAGES, AskText("The policy decides [1][9]."), END])
    done = await terminal.type("ask", "--json", "where", "is", "it?")
    assert done.code == 0
    assert done.json["answer"] == "The policy decides [1]."
    assert [c["path"] for c in done.json["citations"]] == ["src/retry.py"]
    assert done.json["away"] is False
    assert done.json["model"] == "SmolLM2-135M-Instruct"
    assert script.asked == [AskRequest("where is it?")]


async def test_ask_goes_to_the_model_that_is_named(terminal: Terminal, script: Script) -> None:
    script.answer = answers([PASSAGES, END])
    assert (await terminal.type("ask", "--json", "--model", "large", "why")).code == 0
    assert script.asked == [AskRequest("why", model="large")]


async def test_the_passages_are_shown_before_the_first_word_is_written(
    terminal: Terminal, script: Script
) -> None:
    shown = asyncio.Event()

    async def answer(asked: AskRequest) -> AsyncIterator[AskPart]:
        yield PASSAGES
        await shown.wait()
        yield END

    script.answer = answer
    process = await terminal.begin("ask", "where?")
    assert process.stdout is not None
    first = (await process.stdout.readline()).decode()
    assert "[1] /code/thing/src/retry.py:12-20" in first
    assert f"open {BLOB}:12-20" in (await process.stdout.readline()).decode()
    shown.set()
    rest, _ = await process.communicate()
    assert "demonstration model" in rest.decode() and "The policy decides [1]." in rest.decode()


async def test_a_demonstration_model_s_prose_is_folded_until_it_is_asked_for(
    terminal: Terminal, script: Script
) -> None:
    long = "so it goes " * 60
    script.answer = answers([PASSAGES, AskText(long), AskEnd(long, (), "stop")])
    folded = await terminal.type("ask", "where?")
    assert "folded" in folded.out and long not in folded.out
    assert long.strip() in (await terminal.type("ask", "--prose", "where?")).out


async def test_a_few_characters_are_not_folded(terminal: Terminal, script: Script) -> None:
    said = "so it goes " * 19
    script.answer = answers([PASSAGES, AskText(said), AskEnd(said, (), "stop")])
    done = await terminal.type("ask", "where?")
    assert said.strip() in done.out and "folded" not in done.out


async def test_without_a_model_the_passages_are_the_answer(
    terminal: Terminal, script: Script
) -> None:
    silent = AskPassages((HIT,), FRESH, "", False, "model 40 %")
    script.answer = answers([silent, AskEnd()])
    done = await terminal.type("ask", "where?")
    assert done.code == 0
    assert "No model speaks: model 40 %. The passages above are the answer." in done.out
    script.answer = answers([replace(silent, passages=()), AskEnd()])
    assert "passages above" not in (await terminal.type("ask", "where?")).out


async def test_no_passage_is_the_answer_no(terminal: Terminal, script: Script) -> None:
    nothing = AskEnd("not found in thing")
    script.answer = answers([AskPassages((), FRESH), nothing])
    done = await terminal.type("ask", "where?")
    assert (done.code, "not found in thing" in done.out) == (1, True)


async def test_ctrl_c_cancels_as_far_as_the_model(terminal: Terminal, script: Script) -> None:
    cancelled = asyncio.Event()

    async def answer(asked: AskRequest) -> AsyncIterator[AskPart]:
        try:
            yield PASSAGES
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    script.answer = answer
    process = await terminal.begin("ask", "where?")
    assert process.stdout is not None
    await process.stdout.readline()
    process.send_signal(2)
    _, err = await process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err.decode()
    await asyncio.wait_for(cancelled.wait(), 10)


async def test_an_answer_that_breaks_off_is_unavailable(terminal: Terminal, script: Script) -> None:
    script.answer = answers([PASSAGES, AskText("The pol")])
    done = await terminal.type("ask", "where?")
    assert (done.code, "broke off" in done.err) == (3, True)


# Recall, history

CARD = Recollection(
    "same",
    Failure(
        "pytest", "AssertionError", "test", "assert 6 == 5", "assert # == #", "test_a.py::test_b",
        (Frame("lib.py", "f", 3), Frame("test_a.py", "test_b", 9, True)),
    ),
    (
        Occurrence(
            EventId("e" * 32), 1_772_546_700_000, "thing", "/code/thing", "b" * 40, "pytest", ""
        ),
    ),
    (
        Remedy(
            "r", "observed", "code", "c" * 40, "ccccccc split at the plus", "-old\n+new",
            "pytest -q", "the failing test passed after it", ("calc.py",), ("README.md",),
        ),
    ),
    Flakiness(2, 7),
    "",
    FRESH,
)  # fmt: skip


async def test_a_card_tells_what_failed_when_what_mended_it_and_why(
    terminal: Terminal, script: Script
) -> None:
    script.recollection = CARD
    done = await terminal.type("recall", "--last")
    assert done.code == 0
    for said in (
        "test_a.py::test_b",
        "test_a.py:9 in test_b",
        "same symptom",
        "in thing at bbbbbbb",
        "failed in 2 of 7 runs, and nothing that git follows changed",
        "observed · code · ccccccc split at the plus",
        "the failing test passed after it",
        "git show cccccccccccc -- calc.py",
        "+new",
        "README.md",
        "As of thing",
    ):
        assert said in done.out
    assert script.asked == [("last", True, str(terminal.cwd))]


async def test_a_failure_without_a_remedy_says_why_there_is_none(
    terminal: Terminal, script: Script
) -> None:
    script.recollection = Recollection("same", CARD.failure, note="unexplained: nothing changed")
    done = await terminal.type("recall")
    assert (done.code, "unexplained: nothing changed" in done.out) == (0, True)


async def test_where_nothing_ever_failed_that_is_said(terminal: Terminal, script: Script) -> None:
    done = await terminal.type("recall")
    assert done.code == 1 and done.out.startswith("No failure has been recorded yet.")
    assert "not seen before" in (await terminal.type("recall", "KeyError")).out


async def test_the_patch_of_a_rejected_remedy_is_only_printed_by_its_name(
    terminal: Terminal, script: Script
) -> None:
    rejected = replace(CARD.remedies[0], id="r9", state="rejected")
    script.recollection = replace(CARD, remedies=(rejected,))
    done = await terminal.type("patch")
    assert (done.code, done.out) == (1, "")
    assert "rejected: ccccccc split at the plus" in done.err and "name it: r9" in done.err


async def test_what_was_never_seen_is_the_answer_no(terminal: Terminal, script: Script) -> None:
    done = await terminal.type("recall", "--json", "--", "KeyError:", "'region'")
    assert (done.code, done.json["match"]) == (1, "none")
    assert script.asked == [("text", "KeyError: 'region'", str(terminal.cwd))]


async def test_recall_reads_a_failure_from_a_pipe(terminal: Terminal, script: Script) -> None:
    await terminal.type("recall", "-", stdin=b"E   assert 6 == 5\n")
    assert script.asked == [("text", "E   assert 6 == 5\n", str(terminal.cwd))]


async def test_history_carries_its_filters(terminal: Terminal, script: Script) -> None:
    body = CommandFinished("pytest -q", "/code/thing", (1,), 12)
    event = Event(EventId("e" * 32), 1_772_546_700_000, WorkingCopyId(""), body)
    script.entries = (HistoryEntry(4, event, "thing"),)
    done = await terminal.type(
        *("history", "--json", "--limit", "3", "--kind", "command"),
        *("--since", "2026-03-01T00:00Z", "--project", "thing"),
    )
    assert done.code == 0
    assert done.json["events"][0]["exit_code"] == 1
    assert script.asked == [HistoryQuery(3, "command", 1_772_323_200_000, "thing", 0)]
    assert "$ pytest -q  (exit 1)" in (await terminal.type("history")).out


async def test_history_is_one_line_an_event_sorted_by_time(
    terminal: Terminal, script: Script
) -> None:
    bodies = (
        CommandFinished("sh -c 'a\nb'", "/c", (0,), 1),
        WorkingCopySeen("/code/thing", "host"),
        GitOperation(
            "other",
            new="a" * 40,
            ref="refs/heads/main",
            commits=(Commit("a" * 40, (), 0, ""), Commit("b" * 40, (), 0, "")),
        ),
    )
    script.entries = tuple(
        HistoryEntry(
            9 - n, Event(EventId(f"{n}" * 32), 1_000 * n + 1, WorkingCopyId(""), body), "p"
        )
        for n, body in enumerate(bodies)
    )
    rows = (await terminal.type("history")).out.splitlines()
    assert [row.split("  ", 1)[1].split(None, 1)[1] for row in rows[:2]] == [
        "history of main: 2 commits",
        "$ sh -c 'a b'",
    ]
    assert "watching" not in "".join(rows)
    assert "watching" in (await terminal.type("history", "--kind", "working_copy")).out
    kinds = [event["kind"] for event in (await terminal.type("history", "--json")).json["events"]]
    assert kinds == ["git", "working_copy", "command"]


async def test_an_act_that_left_something_says_how_it_is_taken_back(
    terminal: Terminal, script: Script
) -> None:
    left = ActDone("assistant", "tried", "r", "it mends it", worktree="/w")
    bodies = (left, replace(left, action="reverted", worktree="", reverts=EventId("0" * 32)))
    script.entries = tuple(
        HistoryEntry(n + 1, Event(EventId(f"{n}" * 32), n + 1, WorkingCopyId(""), body), "p")
        for n, body in enumerate(bodies)
    )
    taken_back, tried = (await terminal.type("history", "--kind", "act")).out.splitlines()[:2]
    assert tried.endswith(f"it mends it  postdevai revert {'0' * 32}")
    assert "postdevai revert" not in taken_back
    rows = (await terminal.type("history", "--ids")).out.splitlines()
    assert [row.split()[0] for row in rows[:2]] == ["1" * 32, "0" * 32]


# Nodes, status, invite, watch

NODE = Node("dragon", NodeId("d0" * 8), "127.0.0.1:50051", "serving", 2.5, pid=77)
LAKE = LakeStats(
    12_000_000, 1_000_000_000, False, "directory", "/home/.postdevai/lake", 9, 8, 1, 10, 20,
    why="mount was refused (Operation not permitted)",
    freshness=Freshness((
            ProjectFreshness(
                "thing", "/code/thing", "a" * 40, "a" * 40, 3, WorkingCopyId("w")
            ),
        ), 0, 0.5),
)  # fmt: skip
STANDING = LaptopStatus(
    (NODE,),
    OutboxStatus(waiting=4, refused=1),
    LAKE,
    (Model("SmolLM2", "fast", "arriving", 0.4),),
    (WatchedRepository("/code/thing", WorkingCopyId("w"), 10, 2, "watching"),),
)


async def test_status_tells_a_newcomer_how_things_stand(terminal: Terminal, script: Script) -> None:
    script.status = STANDING
    done = await terminal.type("status")
    assert done.code == 0
    for said in (
        "Dragon      serving  127.0.0.1:50051",
        "12 MB of 1.0 GB NOT RAM (directory at /home/.postdevai/lake)",
        "The lake is NOT RAM: it lies at /home/.postdevai/lake, because mount was refused",
        "vectors 50 %",
        "4 records waiting for the Dragon",
        "1 record refused",
        "SmolLM2 (fast) model 40 %",
        "/code/thing  watching, 10 files, 2 left out, 3 files behind",
    ):
        assert said in done.out, done.out


async def test_status_ends_with_what_needs_the_person_and_what_to_type(
    terminal: Terminal, script: Script
) -> None:
    circuit = Circuit("lake", "open", 4, 0, "nobody answers at that address")
    near = NearStatus(True, 1, symptoms=120, events=4000, as_of_ms=1)
    script.status = replace(
        STANDING, circuits=(circuit, Circuit("registry", "trying")), near=near, repositories=()
    )
    out = (await terminal.type("status")).out
    assert "Away: this laptop answers by itself from 120 failures and 4,000 events" in out
    needed = out.partition("This needs you:\n")[2].splitlines()
    assert needed[0] == (
        "  The lake service is not asked, 4 calls in a row failed: nobody answers at that address"
    )
    assert needed[-1] == "  Nothing is watched yet; type: postdevai watch DIR"
    assert not any("registry" in each for each in needed)


async def test_a_laptop_that_was_put_out_is_told_so_and_not_that_others_are_away(
    terminal: Terminal, script: Script
) -> None:
    why = "node 128a is no longer welcome"
    script.status = replace(
        STANDING, put_out=why, dragon_unavailable=why, coordinator_unavailable=why, lake=None
    )
    out = (await terminal.type("status")).out
    assert "This laptop was put out of its mesh" in out
    assert "postdevai recover --leave" in out
    assert "is away:" not in out
    assert "postdevai up" not in out
    assert "while the Dragon is away" not in out and "waiting for the Dragon" not in out


async def test_status_tells_which_calls_the_coordinator_carries(
    terminal: Terminal, script: Script
) -> None:
    carried = (Circuit("lake", "closed", relayed=True), Circuit("registry", "closed"))
    script.status = replace(STANDING, circuits=carried)
    out = (await terminal.type("status")).out
    assert "Relay       the Coordinator carries the calls, sealed: lake\n" in out


async def test_status_calls_only_this_laptop_this_laptop(
    terminal: Terminal, script: Script
) -> None:
    """Another person's, or the owner's second one, has its machine's name."""
    own = replace(NODE, role="developer", id=NodeId("a" * 16), machine="desk")
    other = replace(own, id=NodeId("b" * 16), machine="couch")
    script.status = replace(STANDING, nodes=(own, other), node=own.id)
    lines = (await terminal.type("status")).out.splitlines()
    assert "this laptop" in lines[0]
    assert "a laptop · on couch" in lines[1]


async def test_status_says_when_nothing_needs_the_person(
    terminal: Terminal, script: Script
) -> None:
    script.status = LaptopStatus((NODE,), repositories=STANDING.repositories)
    assert (await terminal.type("status")).out.endswith("\nNothing needs you.\n")


async def test_status_json_is_the_contract(terminal: Terminal, script: Script) -> None:
    script.status = STANDING
    said = (await terminal.type("status", "--json")).json
    assert said["nodes"][0]["lease_s"] == 2.5
    assert said["node"] == {"id": None, "machine": None}, "it has not heard who it is"
    assert (said["outbox"]["waiting"], said["outbox"]["gaps"]) == (4, 0)
    assert (said["lake"]["ram"], said["lake"]["budget_bytes"]) == (False, 1_000_000_000)


async def test_status_json_without_a_daemon_has_every_key_and_exit_code_three(
    terminal: Terminal,
) -> None:
    done = await terminal.type("status", "--json")
    assert done.code == 3
    assert (done.json["nodes"], done.json["lake"]["ram"]) == ([], None)


async def test_invite_prints_the_code_and_nothing_else(terminal: Terminal, script: Script) -> None:
    done = await terminal.type("invite", "tool")
    assert (done.code, done.out, done.err) == (0, "pd1.code\n", "")
    assert script.asked == [("invite", "tool")]


async def test_nodes_and_watch_print_data(terminal: Terminal, script: Script) -> None:
    script.nodes = (NODE,)
    assert (await terminal.type("nodes", "--json")).json["nodes"][0]["pid"] == 77
    watched = (await terminal.type("watch", "--json", ".")).json["repository"]
    assert (watched["path"], watched["files"]) == (str(terminal.cwd), None)


async def test_watching_what_is_no_git_repository_says_what_is_recorded(
    terminal: Terminal, script: Script
) -> None:
    """Every file below it is much where a whole home directory was meant by mistake."""
    said = (await terminal.type("watch", ".")).out
    assert "This is no git repository: every file below it is recorded" in said
    assert f"postdevai never {terminal.cwd}" in said
    (terminal.cwd / ".git").mkdir()
    (terminal.cwd / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    assert "no git" not in (await terminal.type("watch", ".")).out
    assert script.asked == [("watch", str(terminal.cwd))] * 2


# Loading

SLOW = ("grpc", "rich", "textual", "google.protobuf", "asyncio", "apsw")


async def imported(terminal: Terminal, code: str) -> set[str]:
    """Modules that are there after the code ran in a fresh interpreter."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"POSTDEVAI_HOME": str(terminal.home)},
    )
    out, _ = await process.communicate()
    return set(out.decode().split())


async def test_help_loads_nothing_that_is_slow(terminal: Terminal) -> None:
    code = "from developer_node.front.cli import main; main(['search', '--help'])"
    loaded = await imported(terminal, code)
    assert "typer" in loaded, "the control: help is typer's"
    assert loaded.isdisjoint({"grpc", "rich", "textual", "apsw", "google.protobuf"})


async def test_run_loads_neither_grpc_nor_the_parser_of_the_other_commands(
    terminal: Terminal,
) -> None:
    code = "from developer_node.front.cli import main; main(['run', '--', 'true'])"
    loaded = await imported(terminal, code)
    assert "developer_node.front.shell.recorder" in loaded, "the control: it did run"
    assert loaded.isdisjoint({"grpc", "typer", "rich", "textual", "apsw"})


async def test_a_missing_package_is_named_with_the_line_that_brings_it(
    terminal: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "grpc.py").write_text("raise ModuleNotFoundError(name='grpc')")
    (tmp_path / "typer.py").write_text("raise ModuleNotFoundError(name='typer')")
    done = await terminal.type("status", PYTHONPATH=str(tmp_path))
    assert done.code == 2
    assert "typer is missing" in done.err and "pip install" in done.err
