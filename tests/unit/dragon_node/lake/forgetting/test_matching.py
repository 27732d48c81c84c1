"""Which events are meant by a path, a time or a text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.model.event import Body, EditorEvent, FileChanged, Ground, PathChange
from common.model.lake import Oblivion
from dragon_node.lake.forgetting.matching import Meant, needles
from tests.support.forgetting import commit, failing
from tests.support.lake import COPY, event, ran, seen

ROOT = "/home/ada/thing"


def _means(path: str, body: Body) -> bool:
    return Meant(Oblivion(path=path), {COPY: ROOT}).path(event(body))


@pytest.mark.parametrize("path", ["src", "src/", "src/a.py", f"{ROOT}/src", f"{ROOT}/src/a.py"])
def test_a_path_means_itself_and_what_lies_below_it(path: str) -> None:
    assert _means(path, FileChanged("src/a.py"))
    assert _means(path, commit("a" * 40, "x", path="src/a.py"))
    assert _means(path, failing("boom"))
    assert not _means(path, FileChanged("src2/a.py"))
    assert not _means(path, FileChanged("other/src/a.py"))


@pytest.mark.parametrize("path", [ROOT, "/home/ada", "/"])
def test_a_directory_around_a_working_copy_means_all_of_it(path: str) -> None:
    assert _means(path, FileChanged("src/a.py"))
    assert _means(path, seen(ROOT))
    assert _means(path, ran("make"))


def test_a_directory_elsewhere_means_what_was_run_there() -> None:
    there = replace(ran("ls"), cwd="/etc/secrets/deep")
    assert _means("/etc/secrets", there)
    assert not _means("/etc/sec", there)
    assert not _means("/etc/secrets", ran("ls"))


def test_a_run_is_meant_by_what_changed_before_it() -> None:
    ground = Ground(tree="t", changes=(PathChange("private/a.py", "g1", "g2"),))
    assert _means("private", replace(ran("pytest"), ground=ground))


def test_an_editor_names_a_file_either_way() -> None:
    assert _means("src", EditorEvent("save", f"{ROOT}/src/a.py"))
    assert _means("src", EditorEvent("save", "src/a.py"))


def test_a_time_is_half_open_and_does_not_mean_where_a_working_copy_lies() -> None:
    meant = Meant(Oblivion(since_ms=10, until_ms=20), {})
    assert [meant.time(event(ran(), at_ms=ms)) for ms in (9, 10, 19, 20)] == [
        False,
        True,
        True,
        False,
    ]
    assert not meant.time(event(seen(), at_ms=15))
    assert Meant(Oblivion(since_ms=10, text="x"), {}).time(event(seen(), at_ms=15))


def test_a_text_is_looked_for_in_every_spelling() -> None:
    meant = Meant(Oblivion(text="geheim ü"), {})
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        assert meant.text("vor geheim ü nach".encode(encoding))
    assert not meant.text(b"geheim u")
    assert len(needles("abc")) == 3
