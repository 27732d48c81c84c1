"""docs/guide.md is typed line by line over a real mesh, and must print what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.mesh import Mesh

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide.md"
BIN = Path(sys.executable).parent
BLOCK = re.compile(
    r"(?P<mark><!-- not executed: [^\n]+ -->\n)?^```console\n(?P<text>.*?)^```$", re.M | re.S
)
EXIT = re.compile(r"\s+# exit (\d+)$")
ASKING = ("status", "recall", "history", "search", "ask", "doctor", "kept", "patch")
"""These change nothing, so they are typed again until what was recorded has arrived."""
PATIENCE_S = 60.0
NOT_EXECUTED_MAX = 3
IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_NOSYSTEM": "1",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_ADDOPTS": "-p no:cacheprovider",
}


@dataclass
class Line:
    """What is typed, and what stands under it."""

    typed: str
    code: int
    shown: list[str] = field(default_factory=list[str])

    @property
    def again(self) -> bool:
        """Whether typing it twice is the same as once."""
        words = self.typed.split()
        return words[0] == "postdevai" and words[1] in ASKING and "apply" not in words


def lines() -> Iterator[Line]:
    """Those that are executed, in order."""
    for block in BLOCK.finditer(GUIDE.read_text()):
        found: list[Line] = []
        for text in block["text"].splitlines():
            if text.startswith("$ "):
                code = EXIT.search(text)
                found.append(Line(EXIT.sub("", text[2:]), int(code[1]) if code else 0))
            elif text.strip():
                found[-1].shown.append(text.strip())
        if not block["mark"]:
            yield from found


@dataclass
class Person:
    """Types in one terminal: where they are is kept from line to line."""

    env: dict[str, str]
    cwd: Path
    told: Path

    def types(self, text: str) -> tuple[int, str]:
        """The exit code, and all that was printed."""
        script = f"{text}\ncode=$?\npwd > '{self.told}'\nexit $code"
        done = subprocess.run(
            ["bash", "-c", script],
            env=self.env, cwd=self.cwd, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=150, check=False,
        )  # fmt: skip
        self.cwd = Path(self.told.read_text().strip())
        return done.returncode, done.stdout


def holds(line: Line, code: int, printed: str) -> bool:
    return code == line.code and all(each in printed for each in line.shown)


@pytest.mark.timeout(600)
def test_a_day_from_start_to_finish(tmp_path: Path) -> None:
    user = tmp_path / "user"
    user.mkdir()
    models = tmp_path / "models"
    models.mkdir()
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    mesh = Mesh(
        user / ".postdevai", HOME=str(user), PATH=path, POSTDEVAI_MODELS=str(models), **IDENTITY
    )
    person = Person(mesh.env, user, tmp_path / "cwd")
    try:
        for line in lines():
            _type(person, line, mesh)
        assert mesh.processes() == []
    finally:
        mesh.close()


def _type(person: Person, line: Line, mesh: Mesh) -> None:
    end = time.monotonic() + PATIENCE_S
    while True:
        code, printed = person.types(line.typed)
        if holds(line, code, printed):
            return
        said = f"$ {line.typed}\nexit {code}, expected {line.code} and {line.shown}\n{printed}"
        assert line.again and time.monotonic() < end, said + mesh.logs()
        time.sleep(0.2)


def test_what_is_not_executed_is_little_and_says_why() -> None:
    marks = [block["mark"] for block in BLOCK.finditer(GUIDE.read_text()) if block["mark"]]
    assert len(marks) <= NOT_EXECUTED_MAX
    assert GUIDE.read_text().count("<!-- not executed") == len(marks), "each stands before a block"
    assert sum(1 for _ in lines()) > 25
