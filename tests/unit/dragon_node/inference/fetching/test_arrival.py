"""Half a file, a dead fetcher, a stranger's file: progress is never a lie."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from dragon_node.inference.fetching import arrival
from dragon_node.inference.fetching.arrival import Arrival

FORTY = Arrival("arriving", 0.4, 40, 100, "downloading")


def test_what_is_written_is_read(tmp_path: Path):
    said = {"a": FORTY, "b": Arrival("failed", 0.1, 10, 100, "no network")}
    arrival.write(tmp_path, said)
    assert arrival.read(tmp_path) == said


def test_the_file_has_the_fields_that_others_read(tmp_path: Path):
    arrival.write(tmp_path, {"a": FORTY})
    written = json.loads(arrival.path_of(tmp_path).read_text())
    assert written["models"]["a"] == {
        "state": "arriving",
        "progress": 0.4,
        "bytes": 40,
        "bytes_total": 100,
        "detail": "downloading",
        "pid": os.getpid(),
        "started_s": psutil.Process().create_time(),
    }
    assert sorted(p.name for p in tmp_path.iterdir()) == [".progress.lock", "progress.json"]


def test_what_one_fetcher_says_leaves_what_others_said(tmp_path: Path):
    arrival.write(tmp_path, {"a": FORTY, "b": FORTY})
    arrival.write(tmp_path, {"b": Arrival("ready", 1.0)})
    assert arrival.read(tmp_path) == {"a": FORTY, "b": Arrival("ready", 1.0)}


def test_fetchers_that_write_at_once_lose_nothing_of_each_other(tmp_path: Path):
    line = """
import sys
from pathlib import Path
from dragon_node.inference.fetching import arrival
for n in range(50):
    arrival.write(Path(sys.argv[1]), {sys.argv[2]: arrival.Arrival("ready", 1.0, n)})
"""
    writers = [subprocess.Popen([sys.executable, "-c", line, tmp_path, name]) for name in "abc"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    said = arrival.read(tmp_path)
    assert {name: said[name].bytes for name in "abc"} == {"a": 49, "b": 49, "c": 49}


def test_what_a_dead_fetcher_was_bringing_is_missing_and_says_how_far_it_came(tmp_path: Path):
    arrival.write(tmp_path, {"a": FORTY, "b": Arrival("ready", 1.0)})
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    file = arrival.path_of(tmp_path)
    file.write_text(file.read_text().replace(f'"pid": {os.getpid()}', f'"pid": {dead.pid}'))
    said = arrival.read(tmp_path)
    assert said["a"].state == "missing"
    assert "stopped at 40 %" in said["a"].detail
    assert said["b"].state == "ready"


def test_another_process_with_the_number_of_the_dead_one_is_not_taken_for_it(tmp_path: Path):
    arrival.write(tmp_path, {"a": FORTY})
    file = arrival.path_of(tmp_path)
    said = json.loads(file.read_text())
    said["models"]["a"]["started_s"] -= 3600
    file.write_text(json.dumps(said))
    assert arrival.read(tmp_path)["a"].state == "missing"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"models": []}',
        '{"models": {"a": 1}}',
        '{"models": {"a": {"state": "odd"}}}',
    ],
)
def test_a_file_that_is_not_ours_reads_as_nothing(tmp_path: Path, text: str):
    arrival.path_of(tmp_path).write_text(text)
    assert arrival.read(tmp_path) == {}


def test_no_file_reads_as_nothing(tmp_path: Path):
    assert arrival.read(tmp_path / "absent") == {}
