"""docs/engine.md from one Coordinator to three, typed in namespaces; then one is cut off."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.machines import NETWORK, Lan, Machine, allowed, open_lan
from tests.support.mesh import until
from tests.support.repository import Repository
from tests.support.typed_pages import Line, lines_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "engine.md"
CHAPTER = "## Three machines, line by line\n"
BIN = Path(sys.executable).parent
CODE = re.compile(r"\bpdc1\.\S+")
PATIENCE_S = 120.0
ASKING = ("mesh engine", "mesh migrate")
"""Typed again until they go well and show what the page shows: the page says so."""


NEW_WORK = "coordinator-node invite dragon"


@dataclass(frozen=True)
class Happened:
    """One command of the recorded history."""

    typed: str
    code: int
    said: str


class Owner:
    """Types on machines a, b and c, each with one server in the background at most."""

    def __init__(self, lan: Lan, root: Path) -> None:
        self._root = root
        self._code = ""
        self._servers: dict[str, subprocess.Popen[bytes]] = {}
        self.machines = {name: self._machine(lan, name) for name in "abc"}

    def types(self, line: Line) -> None:
        """Once, or until it shows what it should."""
        words = line.typed.replace("10.0.0.", f"{NETWORK}.").replace("/srv/", f"{self._root}/srv/")
        words = words.replace("CODE", self._code)
        if words == "kill %1":
            self._end(line.machine)
            return
        if words.endswith(" &"):
            self._servers[line.machine] = self._begun(line.machine, words.removesuffix(" &"))
            return
        again = line.typed.removeprefix("postdevai ").startswith(ASKING)
        done = Happened(words, -1, "")
        for _ in until(PATIENCE_S):
            done = self.run(line.machine, words)
            if done.code == 0 and all(each in done.said for each in line.shown):
                break
            assert again, f"{line.machine}$ {done}{self.logs()}"
        else:
            raise AssertionError(f"{line.machine}$ {done}, expected {line.shown}{self.logs()}")
        if found := CODE.search(done.said):
            self._code = found[0]

    def run(self, name: str, typed: str) -> Happened:
        """To its end."""
        machine = self.machines[name]
        done = subprocess.run(
            [*machine.inside, "bash", "-c", typed],
            env=machine.env,
            cwd=self._root / name,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=150,
        )
        return Happened(typed, done.returncode, done.stdout)

    def logs(self) -> str:
        """Of every machine."""
        return "".join(f"\n=== {each.name}\n{each.logs()}" for each in self.machines.values())

    def close(self) -> None:
        """Nothing that was started is left."""
        for machine in self.machines.values():
            machine.close()
        for name in tuple(self._servers):
            self._end(name)

    def _machine(self, lan: Lan, name: str) -> Machine:
        home = self._root / name
        home.mkdir()
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        models = str(self._root / "no-models")
        machine = Machine(
            lan, name, home / ".postdevai", HOME=str(home), PATH=path, POSTDEVAI_MODELS=models
        )
        assert machine.address == f"{NETWORK}.{'abc'.index(name) + 1}"
        return machine

    def _begun(self, name: str, typed: str) -> subprocess.Popen[bytes]:
        machine = self.machines[name]
        with (self._root / name / "server.log").open("ab") as said:
            return subprocess.Popen(
                [*machine.inside, *typed.split()],
                env=machine.env,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )

    def _end(self, name: str) -> None:
        server = self._servers.pop(name)
        server.terminate()
        server.wait(60)


class Asking:
    """A person at a machine who asks one question after the other."""

    def __init__(self, owner: Owner, name: str, question: str) -> None:
        self._owner = owner
        self._name = name
        self._question = question
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.history: list[Happened] = []

    def __enter__(self) -> Asking:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ends.set()
        self._thread.join()

    def more(self, count: int) -> None:
        """Returns when so many more were answered, or refused, since the call."""
        enough = len(self.history) + 1 + count  # one may have been on its way
        for _ in until(PATIENCE_S):
            if len(self.history) >= enough:
                return
        raise AssertionError(f"it hangs: {self.history[-1:]}")

    def _ask(self) -> None:
        while not self._ends.is_set():
            self.history.append(self._owner.run(self._name, self._question))


@pytest.mark.skipif(not allowed(), reason="network namespaces cannot be made here")
@pytest.mark.timeout(900)
def test_from_one_coordinator_to_three_and_one_cut_off(tmp_path: Path) -> None:
    typed = list(lines_of(PAGE.read_text().partition(CHAPTER)[2].partition("\n## ")[0]))
    assert {line.machine for line in typed} == {"a", "b", "c"}
    with open_lan() as lan, ExitStack() as stack:
        owner = Owner(lan, tmp_path)
        stack.callback(owner.close)
        Repository.make(tmp_path / "a" / "code" / "thing")
        for line in typed:
            owner.types(line)
        search = "postdevai search calculator"
        with Asking(owner, "a", search) as asking:
            asking.more(1)
            owner.machines["a"].cut()
            new_work = owner.run("b", NEW_WORK)
            refused = owner.run("a", NEW_WORK)
            asking.more(1)
            owner.machines["a"].heal()
            asking.more(1)
        assert all(each.code == 0 for each in asking.history), asking.history
        assert new_work.code == 0, f"it waits for an election, and is not refused: {new_work}"
        assert new_work.said.startswith("pd1."), new_work
        assert refused.code != 0, f"a minority never acknowledges: {refused}"
        owner.types(Line("a", "postdevai mesh engine", ["copies   3 of 3 are current"]))
        later = owner.run("a", NEW_WORK)
        assert later.said.startswith("pd1."), later
