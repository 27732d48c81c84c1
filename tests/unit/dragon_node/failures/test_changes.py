"""Changes composed over a chain of runs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.model.event import PathChange
from common.model.ids import ContentHash
from dragon_node.failures.changes import compose, named_files, spoken_of, written_by_people
from tests.support.failures import failure

Files = dict[str, str]
grounds = st.lists(
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["1", "2", "3"])),
    min_size=2,
    max_size=8,
)


def difference(old: Files, new: Files) -> tuple[PathChange, ...]:
    return tuple(
        PathChange(
            path,
            old.get(path, ""),
            new.get(path, ""),
            ContentHash(old.get(path, "")),
            ContentHash(new.get(path, "")),
        )
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path)
    )


@given(grounds)
def test_changes_over_a_chain_are_the_direct_difference(chain: list[Files]) -> None:
    steps = [difference(a, b) for a, b in pairwise(chain)]
    assert compose(steps) == difference(chain[0], chain[-1])


RUN, PLAIN = "100755", "100644"


@pytest.mark.parametrize(
    ("steps", "composed"),
    [
        ([("1", "1", RUN)], [("1", "1", RUN)]),
        ([("1", "1", RUN), ("1", "2", "")], [("1", "2", RUN)]),
        ([("1", "2", ""), ("2", "2", RUN)], [("1", "2", RUN)]),
        ([("1", "1", RUN), ("1", "1", PLAIN)], []),
        ([("1", "2", ""), ("2", "2", RUN), ("2", "2", PLAIN)], [("1", "2", "")]),
        ([("1", "1", RUN), ("1", "", "")], [("1", "", "")]),
        ([("", "1", ""), ("1", "1", RUN)], [("", "1", RUN)]),
        ([("", "1", RUN), ("1", "1", PLAIN)], [("", "1", "")]),
        ([("1", "", ""), ("", "1", RUN)], []),
    ],
)
def test_the_mode_is_composed_like_the_content(
    steps: list[tuple[str, str, str]], composed: list[tuple[str, str, str]]
) -> None:
    """The last: whether it could be executed before it was gone is not known."""
    edges = [[PathChange("a", old, new, mode=mode)] for old, new, mode in steps]
    assert [(c.old_git, c.new_git, c.mode) for c in compose(edges)] == composed


def test_what_a_run_leaves_behind_is_nobodys_change() -> None:
    paths = ["a.py", "x/__pycache__/a.pyc", ".pytest_cache/v", ".coverage", "cache.py"]
    kept = written_by_people(PathChange(p, "1", "2") for p in paths)
    assert [c.path for c in kept] == ["a.py", "cache.py"]


def test_a_commands_files_are_those_of_the_working_copy() -> None:
    named = named_files("python -m pytest ../a.py t.py::x /etc/hosts", "/r/sub", "/r")
    assert {"a.py", "sub/t.py"} <= named
    assert not any(path.startswith(("/", "..")) for path in named)


def test_a_failure_speaks_of_its_own_frames_and_not_of_a_librarys() -> None:
    spoken = spoken_of(failure(files=("shop/cart.py",)), "pytest", "/r", "/r")
    assert spoken >= {"shop/cart.py", "tests/test_cart.py"}
