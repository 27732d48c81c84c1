"""A private file is the old one or the new one."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from common.daemon.files import write_private


def test_two_threads_that_replace_one_file_leave_one_of_their_versions(tmp_path: Path) -> None:
    """Routes are kept from several threads at once; sharing a temporary file broke the start."""
    target = tmp_path / "routes.json"
    versions = [bytes([i]) * 2_000 for i in range(40)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda version: write_private(target, version), versions))
    assert target.read_bytes() in versions
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "verdicts"
    write_private(target, b"old")

    def refused(source: object, destination: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", refused)
    with pytest.raises(OSError, match="No space"):
        write_private(target, b"new")
    assert list(tmp_path.iterdir()) == [target]
    assert target.read_bytes() == b"old"
