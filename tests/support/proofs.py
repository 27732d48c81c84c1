"""Working copies in which something failed and was mended, recorded as a recorder does it."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from common.clock import SystemClock
from common.errors import Missing
from common.model.event import CommandFinished, Ground, Output, PathChange, ProofFinished
from common.model.failure import Failure, Remedy, RemedyKind
from common.model.ids import ContentHash
from common.model.remedy import ProofProgress, ProofTarget, RemedyMaterial
from developer_node.front.shell.ground import finish
from developer_node.front.shell.start import begin
from developer_node.proof.proofs import Proofs
from developer_node.text import failures
from developer_node.text.redaction import redact, redact_bytes
from developer_node.text.working_copy import working_copy
from developer_node.watch.ports import Entry

COMMAND = "python -m pytest -q -p no:cacheprovider"
SCRIPT = "python check.py"
"""Quicker than a test runner, where it is not the runner that matters."""
BROKEN = "def add(a, b):\n    return a - b\n"
MENDED = "def add(a, b):\n    return a + b\n"
TEST = "from calc import add\n\n\ndef test_add():\n    assert add(2, 3) == 5\n"


def git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    command = ["git", *who, "-c", "commit.gpgSign=false", "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@asynccontextmanager
async def until_begun(fifo: Path) -> AsyncGenerator[asyncio.StreamReader]:
    """Waits until somebody has written into a new FIFO; then its end is that of all writers."""
    os.mkfifo(fifo)
    both = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)  # else there is an end before the beginning
    reader = asyncio.StreamReader()
    with os.fdopen(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK), "rb", 0) as file:
        protocol = asyncio.StreamReaderProtocol(reader)
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, file)
        try:
            async with asyncio.timeout(30):
                assert await reader.readline() == b"begun\n"
        finally:
            os.close(both)
        async with asyncio.timeout(30):
            yield reader


@dataclass(slots=True)
class World:
    """A working copy, the daemon's HOME, and everything that the Dragon would hold."""

    root: Path
    home: Path
    blobs: dict[ContentHash, bytes] = field(default_factory=dict[ContentHash, bytes])
    recorded: list[Entry] = field(default_factory=list[Entry])
    held: RemedyMaterial | None = None

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)

    def commit(self, message: str = "first") -> str:
        git(self.root, "add", "-A")
        git(self.root, "commit", "-qm", message)
        return git(self.root, "rev-parse", "HEAD")

    def run(self, command: str = COMMAND, cwd: Path | None = None) -> CommandFinished:
        """As `postdevai run` does it, without the spool."""
        place = cwd or self.root
        start = begin(command.split(), place, self.home, os.environ)
        done = subprocess.run(command, shell=True, cwd=place, capture_output=True, text=True)
        with finish(start, redact_bytes) as finished:
            self.blobs |= finished.blobs
            ground: Ground = finished.ground
        said = CommandFinished(
            command, str(place), (done.returncode,), 1, Output(done.stdout + done.stderr), ground
        )
        return failures.interpret(said, str(self.root))

    def material(
        self,
        failed: CommandFinished,
        changes: Sequence[PathChange],
        kind: RemedyKind = "code",
        failure: Failure | None = None,
    ) -> RemedyMaterial:
        """What the Dragon gives of a remedy between two runs."""
        ground = failed.ground
        assert ground is not None
        return RemedyMaterial(
            remedy=Remedy("r1", "observed", kind),
            failure=failure or failed.failures[0],
            working_copy=working_copy(self.home, self.root),
            root=str(self.root),
            command=failed.command,
            cwd=failed.cwd,
            head=ground.head,
            tree=ground.tree,
            dirty=ground.dirty,
            changes=tuple(changes),
            lock_hash=ground.lock_hash,
            interpreter=ground.interpreter,
            packages=ground.packages,
            variables=ground.variables,
        )

    def remember(self, failed: CommandFinished, passed: CommandFinished) -> RemedyMaterial:
        """The whole change between them is the remedy."""
        assert passed.ground is not None
        self.held = self.material(failed, passed.ground.changes)
        return self.held

    def proofs(self) -> Proofs:
        return Proofs(
            home=self.home,
            dragon=_Dragon(self),
            contents=_Contents(self),
            record=_Recorder(self),
            known=lambda: {str(self.root): working_copy(self.home, self.root)},
            redact=redact,
            interpret=failures.interpret,
            clock=SystemClock(),
        )

    async def prove(self, target: ProofTarget | None = None) -> ProofFinished:
        """The end of a proof, with consent."""
        progress, end = await self.steps(target or ProofTarget(remedy_id="r1", consent=True))
        assert all(p.sentence for p in progress)
        return end

    async def steps(self, target: ProofTarget) -> tuple[list[ProofProgress], ProofFinished]:
        progress: list[ProofProgress] = []
        async for step in self.proofs().prove(target):
            if isinstance(step.step, ProofFinished):
                return progress, step.step
            progress.append(step.step)
        raise AssertionError("a proof without an end")


@dataclass(frozen=True, slots=True)
class _Dragon:
    world: World

    async def material(self, remedy_id: str) -> RemedyMaterial:
        if self.world.held is None or remedy_id != self.world.held.remedy.id:
            raise Missing(f"no remedy {remedy_id}")
        return self.world.held


@dataclass(frozen=True, slots=True)
class _Contents:
    world: World

    async def blob(self, content: ContentHash) -> bytes:
        if content not in self.world.blobs:
            raise Missing("no such blob")
        return self.world.blobs[content]


@dataclass(frozen=True, slots=True)
class _Recorder:
    world: World

    async def __call__(
        self,
        entries: Sequence[Entry],
        marks: Mapping[str, str] | None = None,
        *,
        news: bool = True,
    ) -> None:
        self.world.recorded += entries


def make_world(place: Path) -> World:
    """calc.py adds as it should, and a test says so; all of it is committed."""
    root, home = place / "repo", place / "home"
    root.mkdir()
    home.mkdir(mode=0o700)
    git(root, "init", "-q")
    made = World(root.resolve(), home)
    made.write({"check.py": "from calc import add\n\nassert add(2, 3) == 5, 'five'\n"})
    made.write({"calc.py": MENDED, "test_calc.py": TEST, ".gitignore": "__pycache__/\n.venv/\n"})
    made.commit()
    return made
