"""docs/operate.md is typed line by line, each machine of it a network namespace of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.machines import Lan, Machine, allowed, open_lan
from tests.support.repository import Repository
from tests.support.typed_pages import BLOCK, Line, lines_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operate.md"
BIN = Path(sys.executable).parent
EXIT = re.compile(r"# exit (\d+)$")
CODE = re.compile(r"\bpd1\.\S+")
CODE_WORD = re.compile(r"\bCODE\b")
ID = re.compile(r"\b(DRAGON|DEVELOPER)-OF-([A-Z]+)\b")
ASKING = ("nodes", "status", "history", "doctor", "sync", "audit")
"""These change nothing: they are typed again until they show what the page shows."""
REMARKS = (0, 1)
"""Of `doctor`: nothing is wrong, or nothing that stops work."""
PATIENCE_S = 60.0
NOT_EXECUTED = 2


def asks(line: Line) -> bool:
    """Whether it changes nothing, so that it may be typed again."""
    words = line.typed.split()
    return words[0] == "postdevai" and words[1] in ASKING


def codes(line: Line) -> tuple[int, ...]:
    """The exit codes that are right for it."""
    if told := EXIT.search(line.typed):
        return (int(told[1]),)
    return REMARKS if line.typed.split()[1] == "doctor" else (0,)


class Owner:
    """Goes from machine to machine with a stick in one pocket and a key in the other."""

    def __init__(self, lan: Lan, root: Path) -> None:
        self._lan = lan
        self._root = root
        self._code = ""
        self._ids: dict[str, str] = {}
        self.machines: dict[str, Machine] = {}
        for name in ("stick", "drawer", "no-models"):
            (root / name).mkdir()

    def types(self, line: Line) -> None:
        """Once, or until it shows what it should where it only asks."""
        machine = self._machine(line.machine)
        typed = CODE_WORD.sub(self._code, ID.sub(self._id, line.typed))
        end = time.monotonic() + PATIENCE_S
        while True:
            code, printed = self._run(machine, typed)
            if code in codes(line) and all(each in printed for each in line.shown):
                break
            said = f"{line.machine}$ {typed}\nexit {code}, expected {line.shown}\n{printed}"
            assert asks(line) and time.monotonic() < end, said + self.logs()
            time.sleep(0.3)
        if found := CODE.search(printed):
            self._code = found[0]

    def logs(self) -> str:
        """Of every machine."""
        return "".join(f"\n=== {each.name}\n{each.logs()}" for each in self.machines.values())

    def close(self) -> None:
        """Nothing that was started is left."""
        for machine in self.machines.values():
            machine.close()

    def _machine(self, name: str) -> Machine:
        if name not in self.machines:
            user = self._root / name
            user.mkdir(exist_ok=True)
            for each in ("stick", "drawer"):
                (user / each).symlink_to(self._root / each)
            self.machines[name] = Machine(
                self._lan,
                name,
                user / ".postdevai",
                HOME=str(user),
                PATH=f"{BIN}{os.pathsep}{os.environ['PATH']}",
                POSTDEVAI_MODELS=str(self._root / "no-models"),
            )
        return self.machines[name]

    def _id(self, word: re.Match[str]) -> str:
        """Of the node of that role on that machine, as a laptop that is in the mesh lists them."""
        if word[0] not in self._ids:
            told = self.machines["laptop"].json("nodes", "--json")["nodes"]
            role, machine = word[1].lower(), word[2].lower()
            meant = [node for node in told if (node["role"], node["machine"]) == (role, machine)]
            assert meant, (word[0], told)
            self._ids[word[0]] = min(meant, key=lambda node: node["state"] == "gone")["id"]
        return self._ids[word[0]]

    def _run(self, machine: Machine, typed: str) -> tuple[int, str]:
        done = subprocess.run(
            [*machine.inside, "bash", "-c", typed],
            env=machine.env,
            cwd=self._root / machine.name,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=150,
            check=False,
        )
        return done.returncode, done.stdout


@pytest.mark.skipif(not allowed(), reason="network namespaces cannot be made here")
@pytest.mark.timeout(600)
def test_from_one_machine_to_three_and_back(tmp_path: Path) -> None:
    with open_lan() as lan, ExitStack() as stack:
        owner = Owner(lan, tmp_path)
        stack.callback(owner.close)
        Repository.make(tmp_path / "laptop" / "code" / "thing")
        for line in lines_of(PAGE.read_text()):
            owner.types(line)
        left = {name: each.processes() for name, each in owner.machines.items()}
        assert left["studio"] == left["mini"] == left["laptop"] == left["spare"] == []


def test_what_is_not_executed_is_little_and_says_why() -> None:
    marks = [block["mark"] for block in BLOCK.finditer(PAGE.read_text()) if block["mark"]]
    assert len(marks) == NOT_EXECUTED
    assert PAGE.read_text().count("<!-- not executed") == len(marks), "each stands before a block"
    machines = {line.machine for line in lines_of(PAGE.read_text())}
    assert machines == {"laptop", "studio", "mini", "second", "spare"}
