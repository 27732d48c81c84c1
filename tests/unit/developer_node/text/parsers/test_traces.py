"""Stack traces of real programs in six languages."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.symptom import Place, Symptom
from developer_node.text.parsers.traces import PARSER
from tests.support.tool_samples import parsed, silent


def only(name: str) -> Symptom:
    (found,) = parsed(PARSER, f"traces/{name}").found
    return found.symptom


def places(symptom: Symptom) -> list[tuple[str, str]]:
    return [(f.path.rpartition("/")[2], f.function) for f in symptom.complaint.frames]


@pytest.mark.parametrize(
    ("name", "tool", "code", "headline"),
    [
        ("go_deadlock", "go", "fatal error", "all goroutines are asleep - deadlock!"),
        (
            "go_index",
            "go",
            "runtime error",
            "runtime error: index out of range [5] with length 1",
        ),
        ("java_caused", "java", "IllegalStateException", "cannot price: pears"),
        (
            "java_no_class",
            "java",
            "ClassNotFoundException",
            "Could not find or load main class shop.Nowhere",
        ),
        (
            "node",
            "node",
            "TypeError",
            "Cannot read properties of undefined (reading 'toFixed')",
        ),
        ("php", "php", "DomainException", "no price for pear"),
        ("php_undefined", "php", "Error", "Call to undefined function undefined_function()"),
        ("php_syntax", "php", "Parse error", 'syntax error, unexpected string content "a"'),
        ("ruby", "ruby", "KeyError", 'key not found: "pear"'),
        ("ruby_syntax", "ruby", "SyntaxError", "syntax error, unexpected `end'"),
        (
            "rust_index",
            "rust",
            "panic",
            "called `Result::unwrap()` on an `Err` value: Any { .. }",
        ),
    ],
)
def test_the_exception_is_named_with_its_message(
    name: str, tool: str, code: str, headline: str
) -> None:
    symptom = only(name)
    assert (symptom.tool, symptom.complaint.code, symptom.complaint.headline) == (
        tool,
        code,
        headline,
    )


@pytest.mark.parametrize("name", ["go_index", "java", "node", "php", "ruby"])
def test_the_innermost_frame_is_the_last(name: str) -> None:
    innermost = {
        "go_index": ("main.go", "main.at"),
        "java": ("Crash.java", "Crash.price"),
        "node": ("cart.js", "price"),
        "php": ("cart.php", "price"),
        "ruby": ("cart.rb", "fetch"),
    }
    assert places(only(name))[-1] == innermost[name]


def test_go_frames_above_the_panic_only_report_it() -> None:
    assert places(only("go_nil")) == [("main.go", "main.main"), ("main.go", "main.(*cart).total")]


def test_a_panic_while_another_was_recovered_has_it_as_its_cause() -> None:
    symptom = only("go_nil")
    assert symptom.complaint.headline == "while cleaning up"
    assert [c.code for c in symptom.causes] == ["runtime error"]


def test_a_java_cause_is_kept_and_its_frames_are_where_it_crashed() -> None:
    symptom = only("java_caused")
    assert [c.code for c in symptom.causes] == ["NullPointerException"]
    assert places(symptom)[-1] == ("Crash.java", "Crash.price")
    assert symptom.complaint.frames[-1].path == "shop/Crash.java"


def test_the_thread_that_panicked_first_is_the_cause() -> None:
    symptom = only("rust_index")
    assert [c.headline for c in symptom.causes] == [
        "index out of bounds: the len is 1 but the index is 5"
    ]


def test_a_rust_panic_is_the_same_with_and_without_a_backtrace() -> None:
    plain, traced = only("rust_index"), only("rust_backtrace")
    assert plain == traced


def test_the_older_shape_of_a_rust_panic_is_read() -> None:
    # Rust 1.72 and older, as in its own book.
    text = "thread 'main' panicked at 'no price', src/main.rs:4:5\nnote: run with `RUST_BACKTRACE`"
    assert not silent(PARSER, text)


def test_a_dotnet_trace_is_read_with_its_frames() -> None:
    # The shape that .NET 6 and later print; no runtime is at hand to record one.
    text = (
        "Unhandled exception. System.InvalidOperationException: no price for pear\n"
        "   at Shop.Cart.Price(String item) in /w/Cart.cs:line 7\n"
        "   at System.Linq.Enumerable.Sum[TSource](IEnumerable`1 source)\n"
        "   at Shop.Program.Main(String[] args) in /w/Program.cs:line 3\n"
    )
    taken = PARSER.parse(text.split("\n"), Place("/w", "/w", ("/w",)))
    assert taken is not None
    complaint = taken.found[0].symptom.complaint
    assert (complaint.code, complaint.headline) == (
        "InvalidOperationException",
        "no price for pear",
    )
    assert [(f.path, f.function, f.line) for f in complaint.frames] == [
        ("/w/Program.cs", "Shop.Program.Main", 3),
        ("/w/Cart.cs", "Shop.Cart.Price", 7),
    ]


def test_ruby_in_a_terminal_says_the_same() -> None:
    assert only("ruby_terminal") == only("ruby")


def test_frames_of_the_runtime_are_no_ones_own() -> None:
    frames = only("node").complaint.frames
    assert all(f.path.startswith("<node:") for f in frames[:4])


@pytest.mark.parametrize(
    "text",
    [
        "panic: this is only a log line",
        "TypeError: a word without frames",
        "Exception handling in Java is about errors",
        "java.lang.NullPointerException: said without a trace",
        "cart.rb:3: warning: unused variable",
        "at shop.Cart.price(Cart.java:6)",
        "0 errors",
    ],
)
def test_words_about_errors_are_no_trace(text: str) -> None:
    assert silent(PARSER, text)
