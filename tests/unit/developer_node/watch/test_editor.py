"""What an editor says: placed where the file is, redacted, and within limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import Invalid
from common.model.event import EditorEvent
from common.model.ids import WorkingCopyId
from developer_node.watch.editor import MESSAGE_CHARACTERS_MAX, heard

COPY, INNER = WorkingCopyId("c" * 16), WorkingCopyId("d" * 16)
SAVE = EditorEvent("save", "ignored", 3, "password hunter2")


def redact(text: str) -> str:
    return text.replace("hunter2", "<redacted>")


def placed(path: str | Path, roots: dict[str, WorkingCopyId]) -> tuple[str, WorkingCopyId]:
    body, copy = heard(str(path), SAVE, roots, redact)
    assert body.message == "password <redacted>"
    return body.path, copy


def test_a_file_belongs_to_the_innermost_working_copy_that_holds_it(tmp_path: Path) -> None:
    outer, inner = tmp_path / "work", tmp_path / "work" / "inner"
    inner.mkdir(parents=True)
    roots = {str(outer): COPY, str(inner): INNER}
    assert placed(outer / "src" / "a.py", roots) == ("src/a.py", COPY)
    assert placed(inner / "a.py", roots) == ("a.py", INNER)
    assert placed(f"{outer}/src/../b.py", roots) == ("b.py", COPY)


def test_a_file_outside_any_keeps_its_whole_path(tmp_path: Path) -> None:
    roots = {str(tmp_path / "work"): COPY}
    for outside in (tmp_path / "elsewhere.py", tmp_path / "workshop" / "a.py"):
        assert placed(outside, roots) == (str(outside), "")


def test_a_path_through_a_link_is_that_of_the_working_copy(tmp_path: Path) -> None:
    """As /tmp is on a Mac; a link to a file stays the file that was edited."""
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "link").symlink_to(work)
    (work / "b.py").symlink_to("/etc/hosts")
    roots = {str(work): COPY}
    assert placed(tmp_path / "link" / "a.py", roots) == ("a.py", COPY)
    assert placed(work / "b.py", roots) == ("b.py", COPY)


def test_a_long_message_is_cut_and_says_so() -> None:
    said = EditorEvent("diagnostic", "", 1, "x" * (MESSAGE_CHARACTERS_MAX + 1_234))
    body, _ = heard("/a.py", said, {}, redact)
    assert body.message == "x" * MESSAGE_CHARACTERS_MAX + " [1,234 more characters]"


@pytest.mark.parametrize(
    ("path", "said", "field"),
    [
        ("a.py", SAVE, "path"),
        ("", SAVE, "path"),
        ("/a\0b", SAVE, "path"),
        ("/" + "ü" * 2_100, SAVE, "path"),
        ("/a.py", EditorEvent("save", "", -1), "event.line"),
        ("/a.py", EditorEvent("shout", ""), "event.action"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_placed_is_refused_with_the_field(
    path: str, said: EditorEvent, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        heard(path, said, {}, redact)
    assert refusal.value.field == field
