"""A private file is the old one or the new one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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
