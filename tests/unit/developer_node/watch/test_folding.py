"""Folding: what lies below a path goes with it, and names that merely begin alike do not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from developer_node.watch.folding import covered, is_covered, topmost

PATHS = st.lists(
    st.lists(st.sampled_from(["a", "b", "a-b", "a.c"]), min_size=1, max_size=4).map("/".join)
)


def test_only_the_topmost_remain() -> None:
    assert topmost(["a/b/c", "a-b", "a", "a/b", "b/c"]) == ["a", "a-b", "b/c"]
    assert topmost(["", "a"]) == [""]


def test_what_is_covered_is_the_path_itself_and_what_lies_below() -> None:
    assert covered(["a", "a/b", "ab", "/x/a"], {"a"}) == ["a", "a/b"]
    assert covered(["/r/a/b", "/r/ab"], {"/r/a"}) == ["/r/a/b"]
    assert covered(["a", "b/c"], {""}) == ["a", "b/c"]
    assert covered(["a"], set()) == []


@given(PATHS)
def test_the_topmost_cover_all_and_none_covers_another(paths: list[str]) -> None:
    found = topmost(paths)
    assert all(is_covered(path, set(found)) for path in paths)
    assert not any(is_covered(path, {*found} - {path}) for path in found)
