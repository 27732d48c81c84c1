"""A daemon's log is bounded on disk."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.daemon import logs


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    """The handlers of this process are as they were afterwards."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        yield
    finally:
        for each in root.handlers:
            if each not in before:
                each.close()
        root.handlers[:] = before
        root.setLevel(level)


def test_a_log_that_grows_is_rotated_and_the_oldest_lines_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LOG_BYTES_MAX", 2_000)
    path = tmp_path / "node.log"
    logs.write_logs(path)
    log = logging.getLogger("a daemon")
    for number in range(500):
        log.warning("line number=%d", number)
    kept = logs.log_files(path)
    assert len(kept) == 1 + logs.LOG_FILES_KEPT == len(list(tmp_path.iterdir()))
    assert all(each.stat().st_size <= 2_000 for each in kept)
    assert "number=499" in kept[-1].read_text()
