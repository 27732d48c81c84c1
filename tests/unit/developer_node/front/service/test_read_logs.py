"""Logs as people read them: the last lines over rotations, merged by time, and what comes."""

from __future__ import annotations

import logging
import logging.handlers
import os
from pathlib import Path

from common.daemon.logs import LOG_FILES_KEPT, log_files
from developer_node.front.service.read_logs import Followed, last_lines, merged, printed_since


def rotating(path: Path, size: int) -> logging.Handler:
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=size, backupCount=LOG_FILES_KEPT, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def write(handler: logging.Handler, *lines: str) -> None:
    for line in lines:
        handler.handle(logging.LogRecord("a", logging.INFO, "", 0, line, None, None))


def test_the_last_lines_are_found_over_rotations(tmp_path: Path) -> None:
    path = tmp_path / "dragon.log"
    handler = rotating(path, 100)
    write(handler, *(f"line {n}" for n in range(30)))
    handler.close()
    assert len(log_files(path)) > 1
    assert last_lines(path, 25) == [f"line {n}" for n in range(5, 30)]
    assert last_lines(path, 0) == [] and last_lines(tmp_path / "none.log", 5) == []


def test_what_comes_is_followed_over_rotations_without_loss_or_doubling(tmp_path: Path) -> None:
    """The file is renamed under the reader, with lines that it has not read yet."""
    path = tmp_path / "dragon.log"
    handler = rotating(path, 200)
    write(handler, "before")
    followed = Followed("dragon", path)
    followed.begin_at_end()
    assert list(followed.more()) == []
    seen: list[str] = []
    for n in range(60):
        write(handler, f"line {n}")
        if n % 7 == 0:
            seen += followed.more()
    seen += followed.more()
    followed.close()
    handler.close()
    assert seen == [f"line {n}" for n in range(60)]


def test_a_log_that_is_not_there_yet_is_followed_from_its_beginning(tmp_path: Path) -> None:
    followed = Followed("dragon", tmp_path / "dragon.log")
    followed.begin_at_end()
    assert list(followed.more()) == []
    (tmp_path / "dragon.log").write_bytes(b"one\ntw")
    assert list(followed.more()) == ["one"]
    with (tmp_path / "dragon.log").open("ab") as file:
        file.write(b"o\n")
    assert list(followed.more()) == ["two"]
    followed.close()


def test_what_a_process_printed_after_its_log_is_shown(tmp_path: Path) -> None:
    log, printed = tmp_path / "a.log", tmp_path / "a.err"
    assert printed_since(log, printed, 5) == []
    printed.write_text("usage\ndragon-node: error: much is no size\n")
    assert printed_since(log, printed, 1) == ["dragon-node: error: much is no size"]
    log.write_text("serves\n")
    os.utime(printed, (1, 1))
    assert printed_since(log, printed, 5) == [], "it got further since"


def test_lines_of_several_nodes_are_shown_by_their_times() -> None:
    one = ["2026-01-01T00:00:01+0000 INFO a: x", "Traceback", "2026-01-01T00:00:04+0000 INFO a: y"]
    other = ["2026-01-01T00:00:02+0000 INFO b: z"]
    shown = merged({"dragon": one, "developer": other}, 10)
    assert [line.split()[-1] for _, line in shown] == ["x", "Traceback", "z", "y"]
    assert merged({"dragon": one, "developer": other}, 1) == [("dragon", one[2])]
    assert merged({"dragon": one}, 0) == []
