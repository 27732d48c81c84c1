"""The failure memory over real git, real pytest and the real recorder; no daemon in between."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import apsw
import pytest

from common.model.answer import Freshness
from common.model.event import Body, CommandFinished, Event, GitOperation
from common.model.ids import ContentHash, Origin, ProjectId, WorkingCopyId, new_event_id
from developer_node.text import spool
from developer_node.text.failures import interpret
from developer_node.text.redaction import redact
from developer_node.text.working_copy import working_copy
from developer_node.watch.commits import read_commits
from developer_node.watch.reflog import parse, verb_of
from dragon_node.failures.memory import FailureMemory
from dragon_node.failures.recall import Recaller
from dragon_node.lake import metadata
from dragon_node.lake.records import Accepted

T = TypeVar("T")
PLAIN = {
    "PYTHONPATH": str(Path(__file__).parents[2]),
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
}
GOOD = "TABLE = {'apple': 3}\n\n\ndef price(item):\n    return TABLE.get(item, 0)\n"
BAD = "TABLE = {'apple': 3}\n\n\ndef price(item):\n    return TABLE[item]\n"
TESTS = """\
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from shop.prices import price


def test_unknown():
    assert price('pear') == 0


def test_apple():
    assert price('apple') == 3


def test_sometimes():
    mark = pathlib.Path(__file__).parents[2] / 'mark'
    if mark.exists():
        mark.unlink()
        raise TimeoutError('the shop is slow')
"""


class Memory:
    """The Dragon's failure memory, fed by hand."""

    def __init__(self) -> None:
        self.memory = self
        self.db = apsw.Connection(":memory:")
        self.db.execute(metadata.SCHEMA + FailureMemory.schema)
        self.blobs: dict[ContentHash, bytes] = {}
        self.lsn = 0

    def apply(self, event: Event) -> None:
        self.lsn += 1
        project = ProjectId("p")
        record = Accepted(self.lsn, Origin("o"), self.lsn, project, "shop", event.at_ms, event)
        FailureMemory().apply(self.db, record)

    def cards(self) -> list[str]:
        return [str(row[0]) for row in self.db.execute("SELECT why FROM cards ORDER BY cursor")]

    async def read(self, fn: Callable[[apsw.Connection], T]) -> T:
        return fn(self.db)

    async def blob(self, content: ContentHash) -> bytes | None:
        return self.blobs.get(content)

    async def freshness(self, project: str = "") -> Freshness:
        return Freshness()


class Laptop:
    """A clone, a recorder and a git watcher, all told to act now."""

    def __init__(self, memory: Memory, home: Path, root: Path) -> None:
        self.memory, self.home, self.root = memory, home, root
        self.wc: WorkingCopyId = working_copy(home, root)
        self.seen = len(self._reflog())
        self.shas: set[str] = set()

    def git(self, *args: str) -> str:
        """Runs git, then reports what moved."""
        who = ["-c", "user.name=Me", "-c", "user.email=me@example.com"]
        done = subprocess.run(
            ["git", *who, *args], cwd=self.root, check=True, capture_output=True, text=True
        )
        lines = self._reflog()
        for raw in lines[self.seen :]:
            line = parse(raw)
            assert line is not None
            listed = self._plain("rev-list", "--reverse", line.new).split()
            new = [sha for sha in listed if sha not in self.shas]
            self.shas.update(new)
            commits = tuple(read_commits(self.root, new, redact))
            moved = GitOperation(verb_of(line.message), line.old, line.new, "main", commits=commits)
            self._tell(moved)
        self.seen = len(lines)
        return done.stdout

    def run(self, *argv: str) -> CommandFinished:
        """A recorded command, through the spool and the parsers to the memory."""
        code = (
            "import sys\nfrom pathlib import Path\n"
            "from developer_node.front.shell.recorder import run\n"
            "sys.exit(run(sys.argv[3:], cwd=Path(sys.argv[1]), home=Path(sys.argv[2])))"
        )
        environment = os.environ | PLAIN
        subprocess.run(
            [sys.executable, "-c", code, str(self.root), str(self.home), *argv],
            env={k: v for k, v in environment.items() if k != "PYTEST_CURRENT_TEST"},
            check=False,
            capture_output=True,
        )
        (path,) = spool.waiting(self.home / "developer" / "spool")
        entry = spool.read(path)
        path.unlink()
        self.memory.blobs.update(entry.blobs)
        body = entry.event.body
        assert isinstance(body, CommandFinished)
        body = interpret(body, str(self.root))
        self.memory.apply(replace(entry.event, body=body))
        return body

    def test(self, *args: str) -> CommandFinished:
        """pytest, recorded."""
        return self.run(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *args)

    def write(self, path: str, text: str) -> None:
        """Saves a file."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def clone(self, root: Path) -> Laptop:
        """Another working copy of the same project on the same machine."""
        subprocess.run(["git", "clone", "-q", str(self.root), str(root)], check=True)
        return Laptop(self.memory, self.home, root)

    def head(self) -> str:
        """The commit checked out."""
        return self._plain("rev-parse", "HEAD").strip()

    def _tell(self, body: Body) -> None:
        at_ms = time.time_ns() // 1_000_000
        self.memory.apply(Event(new_event_id(), at_ms, self.wc, body))

    def _plain(self, *args: str) -> str:
        return subprocess.check_output(["git", *args], cwd=self.root, text=True)

    def _reflog(self) -> list[str]:
        reflog = self.root / ".git" / "logs" / "HEAD"
        return reflog.read_text().splitlines() if reflog.exists() else []


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def laptop(memory: Memory, tmp_path: Path) -> Laptop:
    root = tmp_path / "one" / "shop"
    root.mkdir(parents=True)
    subprocess.run(["git", "init", "-qb", "main", str(root)], check=True)
    laptop = Laptop(memory, tmp_path / "home", root)
    laptop.write("shop/prices.py", BAD)
    laptop.write("tests/test_shop.py", TESTS)
    laptop.write("README.md", "a shop\n")
    laptop.git("add", "-A")
    laptop.git("commit", "-qm", "a shop")
    return laptop


async def test_a_failure_comes_back_in_another_clone_with_the_commit_that_fixed_it(
    memory: Memory, laptop: Laptop, tmp_path: Path
) -> None:
    """With every decoy on the way: the right commit, or none."""
    (failure,) = laptop.test().failures
    assert failure.frames[-1].path == "shop/prices.py"
    laptop.write("README.md", "a better shop\n")
    laptop.git("commit", "-qam", "unrelated")
    laptop.run("git", "status")
    laptop.write("shop/prices.py", GOOD)
    laptop.test()
    (remedy,) = (await Recaller(memory).last()).remedies
    assert (remedy.state, remedy.commit, remedy.label) == ("observed", "", "uncommitted")
    laptop.git("commit", "-qam", "unknown items cost nothing")
    fix = laptop.head()

    second = GOOD.replace("TABLE.get", "TABEL.get")
    laptop.write("shop/prices.py", second)
    laptop.test("-x")
    laptop.write("shop/prices.py", GOOD)
    laptop.test("-x")
    assert memory.cards() == [], "another cause of the same test's failure is not the same"

    (tmp_path / "one" / "mark").write_text("")
    (flaky,) = laptop.test().failures
    laptop.test()
    found = await Recaller(memory).by_fingerprint(flaky.fingerprint)
    assert found.flaky is not None
    assert found.remedies == ()

    clone = tmp_path / "two" / "shop"
    other = laptop.clone(clone)
    other.write("shop/prices.py", "# moved\n# down\n" + BAD)
    (again,) = other.test("-q", "tests/test_shop.py").failures
    assert again.fingerprint == failure.fingerprint
    assert memory.cards() == ["the same symptom was seen before and passed later"]
    found = await Recaller(memory).last()
    assert found.match == "same"
    (remedy,) = found.remedies
    assert remedy.commit == fix
    assert remedy.label == f"{fix[:7]} unknown items cost nothing"
    assert "+    return TABLE.get(item, 0)" in remedy.diff
    assert "README.md" in remedy.also_changed


async def test_a_second_cause_is_labelled_as_an_edit_undone_and_never_by_the_first_fix(
    memory: Memory, laptop: Laptop
) -> None:
    laptop.write("shop/prices.py", GOOD)
    laptop.git("commit", "-qam", "good")
    laptop.write("shop/prices.py", GOOD.replace("TABLE.get", "TABEL.get"))
    failures = laptop.test().failures
    assert {f.code for f in failures} == {"NameError"}
    laptop.write("shop/prices.py", GOOD)
    laptop.test()
    (remedy,) = (await Recaller(memory).last()).remedies
    assert remedy.commit == ""
    assert remedy.label.startswith("an uncommitted edit undone, back to")


CALCULATOR = """\
from rounding import whole


def add(a, b):
    return whole(a - b)
"""
CALCULATOR_TESTS = """\
import unittest

from calculator import add


def test_add():
    assert add(2, 3) == 5


class TestAdd(unittest.TestCase):
    def test_add_method(self):
        self.assertEqual(add(2, 3), 5)
"""
ONE = ("-k", "test_add and not method")
METHOD = ("-k", "test_add_method")


@pytest.fixture
def calculator(memory: Memory, tmp_path: Path) -> Laptop:
    """The first five minutes: a module, what it imports, a test, and files of no concern."""
    root = tmp_path / "calculator"
    root.mkdir()
    subprocess.run(["git", "init", "-qb", "main", str(root)], check=True)
    laptop = Laptop(memory, tmp_path / "home", root)
    laptop.write("calculator.py", CALCULATOR)
    laptop.write("rounding.py", "def whole(x):\n    return int(x)\n")
    laptop.write("stock.py", "STOCK = 1\n")
    laptop.write("test_calculator.py", CALCULATOR_TESTS)
    laptop.git("add", "-A")
    laptop.git("commit", "-qm", "a calculator")
    return laptop


@pytest.mark.parametrize("chosen", [ONE, METHOD], ids=["assert", "assertEqual"])
async def test_a_plain_assertion_comes_back_with_the_commit_that_fixed_what_it_imports(
    memory: Memory, calculator: Laptop, tmp_path: Path, chosen: tuple[str, str]
) -> None:
    """Its only frame is the test's own. Unrelated commits and edits lie on the way."""
    (failure,) = calculator.test(*chosen).failures
    assert {f.path for f in failure.frames if f.in_app} == {"test_calculator.py"}
    calculator.write("README.md", "adds\n")
    calculator.git("add", "-A")
    calculator.git("commit", "-qm", "unrelated")
    calculator.write("stock.py", "STOCK = 2\n")
    calculator.write("calculator.py", CALCULATOR.replace("a - b", "a + b"))
    calculator.git("commit", "-qm", "add adds", "calculator.py")
    fix = calculator.head()
    calculator.test(*chosen)

    clone = calculator.clone(tmp_path / "two")
    clone.write("calculator.py", CALCULATOR)
    (again,) = clone.test(*chosen).failures
    assert again.fingerprint == failure.fingerprint
    assert memory.cards() == ["the same symptom was seen before and passed later"]
    found = await Recaller(memory).last()
    (remedy,) = found.remedies
    assert (found.match, remedy.state, remedy.commit) == ("same", "observed", fix)
    assert remedy.paths == ("calculator.py",)
    assert remedy.also_changed == ("README.md", "stock.py")
    assert "+    return whole(a + b)" in remedy.diff
    assert remedy.why == (
        "the failing test imports calculator.py; it changed between the failing and the passing "
        "run; whether it was in place here when it failed is not known"
    ), "no run before this one tells what is in the second clone"


async def test_a_fix_two_imports_away_is_found_and_a_change_elsewhere_is_not(
    memory: Memory, calculator: Laptop
) -> None:
    calculator.write("calculator.py", CALCULATOR.replace("a - b", "a + b"))
    calculator.write("rounding.py", "def whole(x):\n    return int(x) - 1\n")
    calculator.test(*ONE)
    calculator.write("rounding.py", "def whole(x):\n    return int(x)\n")
    calculator.write("stock.py", "STOCK = 3\n")
    calculator.test(*ONE)
    (remedy,) = (await Recaller(memory).last()).remedies
    assert (remedy.state, remedy.paths) == ("observed", ("rounding.py",))
    assert remedy.also_changed == ("stock.py",)
    assert remedy.why.startswith("the failing test reaches rounding.py through its imports")


async def test_a_change_that_no_import_reaches_is_unexplained(
    memory: Memory, calculator: Laptop
) -> None:
    """The data file did it, and nothing that was recorded can tell."""
    calculator.write("calculator.py", "def add(a, b):\n    return int(open('sum').read())\n")
    calculator.write("sum", "4")
    calculator.test(*ONE)
    calculator.write("sum", "5")
    calculator.write("stock.py", "STOCK = 4\n")
    calculator.test(*ONE)
    found = await Recaller(memory).last()
    assert found.remedies == ()
    assert found.note.startswith("unexplained: stock.py, sum changed")


@pytest.mark.parametrize("report", ["--tb=no", "--tb=line"])
async def test_a_run_that_does_not_say_how_it_failed_opens_nothing_and_lessens_what_is_proven(
    memory: Memory, calculator: Laptop, report: str
) -> None:
    unsaid = calculator.test(*ONE, report)
    assert unsaid.failures == ()
    assert unsaid.tests is not None
    assert unsaid.tests.failed == ("test_calculator.py::test_add",)
    calculator.test(*ONE)
    calculator.write("calculator.py", CALCULATOR.replace("a - b", "a * b"))
    calculator.test(*ONE, report)
    calculator.write("calculator.py", CALCULATOR.replace("a - b", "a + b"))
    calculator.test(*ONE)
    (remedy,) = (await Recaller(memory).last()).remedies
    assert remedy.state == "unproven"
    assert memory.cards() == []
