"""What a file on disk is, where a real disk cannot easily be made to say so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from developer_node.watch import content
from developer_node.watch.content import observe, shown


def test_a_file_that_may_not_be_read_is_named_with_the_systems_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patched, because root may read everything."""
    (tmp_path / "closed").write_text("secret")

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    observed = observe(str(tmp_path / "closed"))
    assert observed is not None
    assert (observed.skipped, observed.git_blob) == ("unreadable: Permission denied", "")
    assert (observed.size, observed.data) == (6, None)


def test_directories_devices_and_nothing_at_all_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "absent", Path("/dev/null")):
        assert observe(str(path)) is None


def test_of_a_file_beyond_all_measure_not_even_the_id_is_worked_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "GIT_ID_BYTES_MAX", 2 << 20)
    with (tmp_path / "endless").open("wb") as file:
        file.truncate(3 << 20)
    observed = observe(str(tmp_path / "endless"))
    assert observed is not None
    assert (observed.git_blob, observed.size) == ("", 3 << 20)


def test_a_repository_of_the_longer_hash_gets_its_ids(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    observed = observe(str(tmp_path / "a"), algorithm="sha256")
    assert observed is not None
    assert observed.git_blob == "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"


@pytest.mark.parametrize(
    ("name", "written"),
    [("plain", "plain"), ("größe", "größe"), (os.fsdecode(b"\xff\xfe"), "\\xff\\xfe")],
)
def test_a_name_is_written_so_that_it_can_travel(name: str, written: str) -> None:
    assert shown(name) == written
    shown(name).encode()
