"""Programs that go on: real servers' and watchers' words, one request or cycle good, one bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.model.event import CommandFinished, Output
from common.model.ids import EventId
from developer_node.text.failures import interpret
from developer_node.text.running import Telling

SAMPLES = Path(__file__).parent / "samples" / "running"
ROOT = "/home/me/shop"
SERVERS = {"flask": "shopapp.py", "uvicorn": "asgi.py", "django": "dj.py"}


def part(text: str, exit_codes: tuple[int, ...] = (), running: bool = True) -> CommandFinished:
    command = CommandFinished("serve", ROOT, exit_codes, 1, Output(text))
    return interpret(
        CommandFinished(
            command.command, ROOT, exit_codes, 1, Output(text), run=EventId("r"), running=running
        ),
        ROOT,
    )


def sample(name: str) -> str:
    return (SAMPLES / f"{name}.txt").read_text()


@pytest.mark.parametrize("server", SERVERS)
def test_an_error_of_a_server_is_named_by_its_request(server: str) -> None:
    (failure,) = part(sample(server)).failures
    assert (failure.test, failure.code, failure.during) == ("GET /cart", "KeyError", True)
    assert [f.path for f in failure.frames if f.in_app] == [SERVERS[server]]


@pytest.mark.parametrize("server", SERVERS)
def test_a_request_that_was_answered_is_seen_to_pass(server: str) -> None:
    tests = part(sample(server)).tests
    assert tests is not None
    assert "GET /fine" in tests.passed
    assert tests.failed == ("GET /cart",)


def test_the_last_answer_to_a_request_counts() -> None:
    good = '127.0.0.1 - - [21/Nov/2026 20:52:30] "GET /cart HTTP/1.1" 200 -\n'
    tests = part(sample("flask") + good).tests
    assert tests is not None
    assert ("GET /cart" in tests.passed, tests.failed) == (True, ())


def test_what_ended_well_in_the_same_part_is_over() -> None:
    good = '127.0.0.1 - - [21/Nov/2026 20:52:30] "GET /cart HTTP/1.1" 200 -\n'
    assert part(sample("flask") + good).failures == ()


def test_an_error_of_an_express_server_follows_its_request() -> None:
    (failure,) = part(sample("express")).failures
    assert (failure.test, failure.code) == ("GET /cart", "TypeError")
    assert [f.path for f in failure.frames if f.in_app][-1] == "app.js"


@pytest.mark.parametrize(
    ("watcher", "first", "code"),
    [("tsc", "Found 1 error. Watching", "TS2322"), ("webpack", "compiled with 1 error", "")],
)
def test_a_cycle_of_a_watcher_fails_until_one_comes_out_clean(
    watcher: str, first: str, code: str
) -> None:
    whole = sample(watcher)
    at = whole.index("\n", whole.index(first)) + 1
    (failure,) = part(whole[:at]).failures
    assert (failure.tool, failure.code, failure.test) == (watcher, code, f"{watcher} build")
    tests = part(whole[at:]).tests
    assert tests is not None
    assert tests.passed == (f"{watcher} build",)
    assert Telling().worth(whole[:at])


def test_a_watching_test_runner_names_what_failed() -> None:
    (failure,) = part(sample("vitest")).failures
    assert failure.during
    assert failure.test.endswith("adds")


def test_a_page_that_does_not_exist_neither_passes_nor_fails() -> None:
    assert part('1.1.1.1 - - [x] "GET /cart HTTP/1.1" 404 -\n').tests is None


def test_a_trace_that_belongs_to_nothing_is_left_out() -> None:
    """A server logs what it has handled."""
    logged = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nKeyError: 1\n'
    assert part(logged).failures == ()


def test_each_trace_of_a_part_gets_its_own_request() -> None:
    one = sample("uvicorn")
    failures = part(one + one.replace("/cart", "/order").replace("pear", "plum")).failures
    assert [f.test for f in failures] == ["GET /cart", "GET /order"]


def test_a_server_that_a_person_stopped_has_not_failed_again() -> None:
    for code in (130, 143):
        end = part(sample("flask"), (code,), running=False)
        assert (end.failures, end.tests) == ((), None)


def test_a_server_that_died_of_something_else_says_that_alone() -> None:
    died = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nMemoryError\n'
    (failure,) = part(sample("flask") + died, (1,), running=False).failures
    assert (failure.code, failure.during) == ("MemoryError", False)
    assert part(sample("flask"), (1,), running=False).failures == ()


def test_a_server_without_told_parts_is_heard_when_it_is_stopped() -> None:
    stopped = interpret(CommandFinished("x", ROOT, (130,), 1, Output(sample("django"))), ROOT)
    assert [(f.test, f.during) for f in stopped.failures] == [("GET /cart", True)]


def test_only_what_failed_or_ended_is_worth_telling() -> None:
    assert all(Telling().worth(sample(server)) for server in SERVERS)
    assert not Telling().worth("listening on port 8000\nGET /favicon.ico 404 1.2 ms - 3\n")


def test_over_many_parts_a_good_answer_is_news_only_after_a_bad_one() -> None:
    """Else the log of a busy server would use up what may be told."""
    telling = Telling()
    good = '1.1.1.1 - - [x] "GET /cart HTTP/1.1" 200 -\n'
    assert not telling.worth(good)
    assert telling.worth(sample("flask"))
    assert telling.worth(good)
    assert not telling.worth(good)


def test_a_test_runner_that_was_quiet_before_it_ended_tells_its_failures_at_the_end() -> None:
    """On a slow machine a part was told with the same words; the end has the exit code."""
    printed = (
        "=================================== FAILURES ===================================\n"
        "_____________________________ test_it _____________________________\n\n"
        "    def test_it():\n>       assert add(1, 2) == 3\nE       assert 4 == 3\n\n"
        "test_a.py:2: AssertionError\n"
        "=========================== short test summary info ============================\n"
        "FAILED test_a.py::test_it - assert 4 == 3\n1 failed in 0.03s\n"
    )
    (told,) = part(printed).failures
    (failure,) = part(printed, (1,), running=False).failures
    assert (told.during, failure.during) == (True, False)
    assert (failure.fingerprint, failure.test) == (told.fingerprint, "test_a.py::test_it")
