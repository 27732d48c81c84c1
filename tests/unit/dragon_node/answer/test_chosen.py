"""Excluded places give nothing, and a pinned file is found by its name."""

from __future__ import annotations

import pytest

from common.model.answer import Hit
from dragon_node.answer.chosen import (
    beginning,
    each_of_pinned,
    is_excluded,
    kept,
    of_file,
    within_file,
    without_repeats,
)
from dragon_node.lake.scope import glob_regex


def hit(path: str, start: int = 1, end: int = 1, text: str = "") -> Hit:
    return Hit("thing", "/code", path, start, end, text=text)


@pytest.mark.parametrize(
    ("path", "excluded", "is_out"),
    [
        ("src/a.py", "src/a.py", True),
        ("src/a.py", "./src//a.py", True),
        ("src/a.py", "src/", True),
        ("src/deep/a.py", "src/", True),
        ("srcs/a.py", "src/", False),
        ("src/a.py", "src", False),
        ("src/a.py.orig", "src/a.py", False),
        ("lib/src/a.py", "src/", False),
        ("", "src/", False),
    ],
)
def test_a_file_or_what_lies_beneath_a_directory_is_excluded(
    path: str, excluded: str, is_out: bool
):
    assert is_excluded(hit(path), (excluded,)) is is_out


def test_what_is_excluded_is_left_out_and_the_order_stays():
    hits = [hit("a/1.py"), hit("b/2.py"), hit("a/3.py")]
    assert [h.path for h in kept(hits, ("b/",))] == ["a/1.py", "a/3.py"]


@pytest.mark.parametrize("path", ["a.py", "src/a.py", "app/[id]/page.tsx", "what?.md", "a*b.txt"])
def test_a_pinned_path_means_that_file_and_no_other(path: str):
    others = [f"deep/{path}", f"{path}x", path.replace("[id]", "i"), path.replace("*", "z")]
    taken = [p for p in [path, *others] if glob_regex(within_file(path)).fullmatch(p)]
    assert {h.path for h in of_file([hit(p) for p in taken], path)} == {path}


def test_a_place_that_is_found_twice_stands_once_and_first():
    hits = without_repeats([hit("a.py", 1, 4), hit("b.py"), hit("a.py", 1, 4), hit("a.py", 5, 9)])
    assert [(h.path, h.start_line) for h in hits] == [("a.py", 1), ("b.py", 1), ("a.py", 5)]


def test_the_beginning_of_a_file_is_one_passage():
    lines = tuple(hit("a.py", n, n, f"line {n}") for n in range(1, 4))
    (whole,) = beginning(lines)
    assert (whole.start_line, whole.end_line, whole.text) == (1, 3, "line 1\nline 2\nline 3")
    assert beginning(()) == ()


def test_a_few_pinned_files_give_more_of_each():
    assert each_of_pinned(("a",)) > each_of_pinned(tuple("abcd")) == 1
