"""What belongs to the identity of a failure, what to its values, and what to neither."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import fingerprint as rules
from common.fingerprint import fingerprint, normalise, values_hash
from common.model.failure import Frame


def identity(message: str) -> str:
    return normalise(message)[0]


def values(message: str) -> str:
    return values_hash(normalise(message)[1])


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("at 2026-01-02T03:04:05Z", "at 2025-12-31T23:59:59.123Z"),
        ("<Cart object at 0x7f1>", "<Cart object at 0x9a2>"),
        ("job 1b4e28ba-2fa1-11d2-883f-0016d3cca427", "job 6fa459ea-ee8a-3ca4-894e-db77e160355e"),
        ("took 1.5s", "took 20 ms"),
        ("in /tmp/pytest-of-me/pytest-3/x.db", "in /var/folders/zz/abc/T/x.db"),
        ("in /tmp/tmpab12cd34", "in /tmp/tmpzz98yy76"),
        ("on Nov 21 20:37:45", "on Jan  3 01:02:03"),
        ("[21/Nov/2026:20:37:45 +0000] no", "[1/Feb/2026:01:02:03 +0100] no"),
        ("cannot allocate 1.50 GiB (20 kB free)", "cannot allocate 512 MiB (1 kB free)"),
        ("read /home/me/lib/a.py", "read /opt/you/lib/a.py"),
        ("commit 5e42b80f", "commit 9a9c616d"),
        ("row 7 of 9", "row 1 of 2"),
    ],
)
def test_what_changes_from_run_to_run_is_neither(one: str, two: str) -> None:
    assert identity(one) == identity(two)
    assert values(one) == values(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("assert 3 == 4", "assert 3 == 5"),
        ("3 != 4", "3 != 5"),
        ("'pear'", "'plum'"),
        ('no "pear" here', 'no "plum" here'),
        ("HTTP status 404", "HTTP status 500"),
        ("[Errno 2] gone", "[Errno 13] gone"),
        ("exit code 1", "exit code 2"),
        ("killed by signal 9", "killed by signal 15"),
        ("refused by localhost:8080", "refused by localhost:9090"),
        ("refused by 10.0.0.1", "refused by 192.168.7.20"),
        ("assert {'a': 1, 'b':...1, 2]} == {'a': 2}", "assert {'a': 1, 'b':...1, 3]} == {'a': 2}"),
    ],
)
def test_what_a_person_would_ask_about_is_a_value(one: str, two: str) -> None:
    assert identity(one) == identity(two)
    assert values(one) != values(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("assert 3 == 4", "assert 3 != 4"),
        ("assert 'a' in 'b'", "assert 'a' not in 'b'"),
        ("cannot price the order", "cannot ship the order"),
        ("read src/a.py", "read src/b.py"),
        ("missing positional argument", "unexpected keyword argument"),
    ],
)
def test_other_words_are_another_failure(one: str, two: str) -> None:
    assert identity(one) != identity(two)


def test_an_apostrophe_quotes_nothing() -> None:
    assert normalise("can't open what isn't there") == ("can't open what isn't there", ())


def test_lines_and_library_frames_are_no_part_of_the_identity() -> None:
    def of(*frames: Frame) -> str:
        return fingerprint("python", "KeyError", "m", frames)

    own = Frame("a.py", "f", 3, True)
    assert of(own) == of(Frame("a.py", "f", 99, True))
    assert of(own) == of(own, Frame("/usr/lib/python3/json.py", "load", 1, False))
    assert of(own) != of(Frame("b.py", "f", 3, True))
    assert of(own) != of(Frame("a.py", "g", 3, True))


def test_only_the_last_three_own_frames_count() -> None:
    inner = [Frame("a.py", name, 1, True) for name in "xyz"]
    outer = [Frame("b.py", name, 1, True) for name in "pq"]
    assert fingerprint("t", "c", "m", inner) == fingerprint("t", "c", "m", [*outer, *inner])
    assert fingerprint("t", "c", "m", inner) != fingerprint("t", "c", "m", inner[1:])


@given(st.text(max_size=80))
def test_normalising_twice_changes_nothing_more(message: str) -> None:
    once = identity(message)
    assert len(once) <= 300
    assert fingerprint("t", "c", once, []) == fingerprint("t", "c", identity(message), [])


def test_quotation_marks_of_a_locale_are_no_part_of_it() -> None:
    """gcc prints ‘x’ where the locale is UTF-8 and 'x' where it is C."""
    assert normalise("‘x’ undeclared, “y” too") == normalise("'x' undeclared, \"y\" too")


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("async Cart.load", "Cart.load"),
        ("Object.load [as default]", "Object.load"),
        ("shop::cart::total::h0123456789abcdef", "shop::cart::total"),
        ("shop::total::{{closure}}", "shop::total::{closure#0}"),
        ("main.total(...)", "main.total(0xc000012345, 0x3)"),
        ("main.main.func1", "main.main.func2.1"),
        ("Object.<anonymous>", "<anonymous>"),
    ],
)
def test_a_function_has_one_name_in_older_and_newer_releases(one: str, two: str) -> None:
    def of(function: str) -> str:
        return fingerprint("t", "c", "m", [Frame("a", function, 1, True)])

    assert of(one) == of(two)


def test_an_identity_is_made_of_all_causes() -> None:
    one = rules.identity("python", "E", ("cannot load", "KeyError: 'a'"), ())
    other_value = rules.identity("python", "E", ("cannot load", "KeyError: 'b'"), ())
    other_cause = rules.identity("python", "E", ("cannot load", "OSError: 'a'"), ())
    assert one.normalised == "cannot load; from KeyError: <value>"
    assert one.fingerprint == other_value.fingerprint != other_cause.fingerprint
    assert one.values != other_value.values


def of_test(test: str, *frames: Frame, tool: str = "cargo") -> str:
    return rules.identity(tool, "panic", ("left == right",), frames, test).fingerprint


def test_a_test_stands_where_no_function_is_known() -> None:
    panicked = Frame("src/lib.rs", "", 14, True)
    assert of_test("shop src/lib.rs::adds", panicked) != of_test("shop src/lib.rs::muls", panicked)
    # the control case: of a known function the test is no part
    called = Frame("src/lib.rs", "add", 14, True)
    assert of_test("shop src/lib.rs::adds", called) == of_test("shop src/lib.rs::muls", called)


@pytest.mark.parametrize("name", ["TestContext.<anonymous>", "Object.<anonymous>", "<anonymous>"])
def test_a_callback_has_no_name_of_its_own(name: str) -> None:
    frame = Frame("shop.test.js", name, 8, True)
    assert of_test("adds three", frame) != of_test("multiplies three", frame)
    assert of_test("adds three", frame) == of_test("adds three", Frame("shop.test.js", "", 9, True))


def test_a_file_that_is_elsewhere_changes_no_test() -> None:
    assert of_test("shop src/lib.rs::adds") == of_test("store src/lib.rs::adds")


def test_without_frame_and_test_other_programs_are_other_failures() -> None:
    def of(command: str, *frames: Frame) -> str:
        said = ("cannot connect",)
        return rules.identity("error", "", said, frames, command=command).fingerprint

    assert of("./a.sh") != of("./b.sh")
    assert of("./a.sh --fast") == of("sh a.sh") == of("cd x && ./a.sh")
    placed = Frame("a.c", "", 3, True)
    assert of("make", placed) == of("ninja", placed)


def test_a_pasted_text_is_of_the_program_that_its_tool_is() -> None:
    said = ("cannot connect",)
    pasted = rules.identity("docker", "", said, ())
    assert pasted == rules.identity("docker", "", said, (), command="docker ps")
