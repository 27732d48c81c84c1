"""HumanEval's lines become modules with their tests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from scripts.bench.material.human_eval import task_of
from tests.support.puzzles import LINE, puzzle


def test_a_line_becomes_a_module_and_a_test_of_its_own():
    task = task_of(LINE)
    assert (task.number, task.name, task.module) == (7, "t007_total", "tasks/t007_total.py")
    assert task.test == "tests/test_t007_total.py::test_total"
    assert task.source.startswith("def total(") and task.source.endswith("LARGE = 100\n")
    assert "METADATA" not in task.test_text()


def test_two_tasks_of_one_name_have_files_of_their_own():
    other = json.loads(LINE) | {"task_id": "HumanEval/8"}
    assert task_of(json.dumps(other)).module != task_of(LINE).module


def test_the_test_passes_where_nothing_is_wrong_and_fails_where_something_is(tmp_path: Path):
    """As pytest runs it; the check uses a name of the module beside the function."""
    task = puzzle()
    for name, text in ((task.module, task.source), (task.test_file, task.test_text())):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", task.test]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0
    (tmp_path / task.module).write_text(task.source.replace("+=", "-="))
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 1
