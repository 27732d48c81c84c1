"""Expressions mean what they mean to `re`, whatever engine runs them."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from common.errors import Invalid
from dragon_node.lake import substrings
from dragon_node.lake.substrings.characters import CASED_BELOW, variants
from tests.support.exact import expression, grep, lines_of, literal, project_of, scan
from tests.support.patterns import LETTERS, WORDS, patterns, texts

EVERYTHING = "".join(map(chr, range(0x110000)))


def _lines(pattern: str, text: str) -> list[int]:
    find = substrings.expression(pattern).finder(time.monotonic() + 10)
    return [found.start_line for found in find(text.encode())]


def _by_re(pattern: str, text: str) -> list[int]:
    compiled = re.compile(pattern)
    return [n for n, line in enumerate(lines_of(text), start=1) if compiled.search(line)]


@pytest.mark.filterwarnings("ignore:Possible nested set")
@pytest.mark.parametrize("text", ["foo{i}", "x{,2}", "a[[b]", "[]a]", "[^]a]x{e<=1}", r"\[{"])
def test_braces_and_brackets_mean_what_they_mean_to_re(text: str) -> None:
    sample = "\n".join(["foo{i}", "fo", "xx", "a[", "ab", "]", "a", "b", "bx{e<=1}", "[{", ""])
    assert _lines(text, sample) == _by_re(text, sample)


@pytest.mark.parametrize(
    "pattern",
    [r"\w", r"\W", r"\d", r"\s", r"(?a)\w", r"(?a)\S", "(?i)k", "(?i)[i-s]", "[^é]", "(?i)ß"],
)
def test_classes_are_those_of_re_over_all_of_unicode(pattern: str) -> None:
    """`regex` alone differs: marks are letters to it, \\x1c is no space, and İ is no i."""
    chars = [c for c in EVERYTHING[:0x3000] + EVERYTHING[0x10000:0x10400] if c not in "\n\r"]
    chars = [c for c in chars if not "\ud800" <= c <= "\udfff"]
    text = "\n".join(chars)
    assert _lines(pattern, text) == _by_re(pattern, text)


def test_no_letter_has_a_case_beyond_those_that_are_looked_at() -> None:
    beyond = EVERYTHING[CASED_BELOW:]
    assert [c for c in beyond if c.lower() != c or c.upper() != c] == []
    for char in "kKsSiIßſµéÉ":
        assert set(variants(char)) == {char, *re.findall(re.escape(char), EVERYTHING, re.I)}


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"a\s+b", "a\nb\na b"),
        (r"a[^x]*b", "a\nb\na-b"),
        (r"(?s)a.b", "a\nb\na-b"),
        ("a(?!\\s)", "a\na b\na\nab"),
        (r"^$", "a\n\nb\n"),
        (r"$", "a\n"),
        ("x*", "a\n\nb"),
        (r"\Aa|b\Z", "a\nb\nab\nba"),
        (r"\B", "\na\nab\n"),
        (r"\b", "\né\nab\n"),
        (r"a$", "a\r\na\r\r\na\r"),
        (r"^", "\r"),
        (r"^.?$", "a\n\r\r"),
        ("\r", "a\r\nb\rc\n"),
        (r"(a+)+$", "aaa\nb"),
        (r"(a)?b(?(1)c|d)", "abc\nbd\nabd\nbc"),
        (r"(\w+) \1", "foo foo\nfoo\nfoo\né é"),
        ("(?i)(s)\\1", "Ss\nst"),
        ("\n", "a\nb\n"),
        ("a|\n", "a\nb\n"),
        ("(?<=\n)a", "b\na"),
        ("", ""),
        ("", "\n"),
        ("(?>a*)b", "aab\naac"),
        ("a++b", "aab"),
    ],
)
def test_a_line_knows_nothing_of_the_lines_around_it(pattern: str, text: str) -> None:
    assert _lines(pattern, text) == _by_re(pattern, text)


@settings(max_examples=300, deadline=None)
@example(r"(?i)(?:k)+", "K\nk")
@given(patterns, texts)
def test_any_expression_finds_in_any_text_what_re_finds(pattern: str, text: str) -> None:
    try:
        wanted = _by_re(pattern, text)
    except (re.error, RecursionError):
        with pytest.raises(Invalid):
            substrings.expression(pattern)
        return
    assert _lines(pattern, text) == wanted


FILES = {
    f"f{n}.txt": "\n".join(
        " ".join(
            WORDS[(n * i + j) % len(WORDS)] + LETTERS[(n + i * j) % len(LETTERS)] for j in range(9)
        ).rstrip("\r")  # whether it belongs to the line end, engines do not agree
        for i in range(40)
    )
    for n in range(12)
} | {
    "empty": "",
    "wide": "alpha beta " * 3_000,
    "blocks": "".join(f"beta{i}\n" for i in range(9_000)),
}


@pytest.fixture(scope="module")
def db() -> object:
    """A project's file with FILES in it."""
    return project_of(FILES)


@settings(max_examples=60, deadline=None)
@given(pattern=patterns)
def test_no_expression_loses_a_line_to_the_index(db, pattern: str) -> None:  # type: ignore[no-untyped-def]
    try:
        wanted = grep(FILES, pattern)
    except (re.error, RecursionError):
        return
    assert expression(db, pattern) == wanted


@settings(max_examples=60, deadline=None)
@given(
    query=st.lists(st.sampled_from([*WORDS, *LETTERS, "\n"]), min_size=1, max_size=6).map("".join)
)
def test_no_literal_loses_a_line_to_the_index(db, query: str) -> None:  # type: ignore[no-untyped-def]
    assert literal(db, query) == scan(FILES, query)


@pytest.mark.skipif(shutil.which("rg") is None, reason="ripgrep is not installed")
@settings(max_examples=40, deadline=None)
@given(
    pattern=st.lists(
        st.sampled_from([*WORDS, ".", "[ab]", ".*", "x?", "[0-9]", "^", "$", " +"]),
        min_size=1,
        max_size=5,
    ).map("".join)
)
def test_ripgrep_finds_the_same(
    db,
    tmp_path_factory: pytest.TempPathFactory,
    pattern: str,  # type: ignore[no-untyped-def]
) -> None:
    root = tmp_path_factory.getbasetemp() / "files"
    if not root.exists():
        root.mkdir()
        for path, text in FILES.items():
            (root / path).write_bytes(text.encode())
    assume(not re.search(pattern, ""))  # engines count empty lines at the end each in their way
    assert expression(db, f"(?a){pattern}") == _ripgrep(root, pattern)


def _ripgrep(root: Path, pattern: str) -> list[tuple[str, int]]:
    """Bytes after bytes: `.` is no end of a character to it, which ASCII patterns cannot tell."""
    command = ["rg", "--no-config", "-uuu", "-a", "-n", "-H", "--no-heading", "-0", "-o", "-e"]
    run = subprocess.run([*command, pattern, "."], cwd=root, capture_output=True, check=False)
    found: set[tuple[str, int]] = set()
    for line in run.stdout.split(b"\n"):
        path, _, rest = line.partition(b"\0")
        if rest:
            found.add((path.decode().removeprefix("./"), int(rest.partition(b":")[0])))
    return sorted(found)
