"""Working copies, a recorder and a lake in one process: everything between them is the product's.

The ground is taken as `postdevai run` takes it, the command is a real one, what it printed is
redacted and interpreted as in the daemon, git is read by the watcher's own code, and the events
go into a lake that the failure memory follows. Only the clock is made up.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from common.clock import SystemClock
from common.errors import Missing
from common.model.event import Body, CommandFinished, Output, ProofFinished
from common.model.failure import Suggestion
from common.model.ids import ContentHash, WorkingCopyId
from common.model.remedy import ProofTarget, RemedyMaterial
from developer_node.front.shell.ground import finish
from developer_node.front.shell.start import begin
from developer_node.proof.proofs import Proofs
from developer_node.text import failures
from developer_node.text.redaction import redact, redact_bytes
from developer_node.text.working_copy import evidence, working_copy
from developer_node.watch.git_places import GitPlaces
from developer_node.watch.moves import Moves
from developer_node.watch.ports import Entry, event_of
from developer_node.watch.reflog import Place, Reflog, reflog_of
from dragon_node.answer.suggesting import Suggestions
from dragon_node.failures.material import Material
from dragon_node.failures.memory import FailureMemory
from dragon_node.failures.recall import Recaller
from dragon_node.lake.lake import Lake
from tests.support.lake import Laptop, opened

START_MS = 1_767_603_600_000
"""5 January 2026, 9:00 UTC."""
CARD_SECONDS_MAX = 30.0
COMMAND_SECONDS_MAX = 120.0


@dataclass(slots=True)
class Days:
    """A clock that goes on when it is told to: cards are limited by the hour."""

    ms: int = START_MS

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000

    def go_on(self, minutes: float) -> None:
        self.ms += int(minutes * 60_000)


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that was recorded, and the cards that it brought."""

    command: CommandFinished
    cards: tuple[Suggestion, ...]

    @property
    def ok(self) -> bool:
        return not any(self.command.exit_codes)


@dataclass(slots=True)
class Desk:
    """A clone, and how far its git was told of."""

    root: Path
    copy: WorkingCopyId
    reflog: Reflog
    moves: Moves
    place: Place = field(default_factory=Place)
    told: set[str] = field(default_factory=set[str])

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)


@dataclass(slots=True)
class World:
    """Everything that one person has."""

    scratch: Path
    lake: Lake
    laptop: Laptop
    recaller: Recaller
    cards: asyncio.Queue[Suggestion]
    clock: Days = field(default_factory=Days)
    desks: list[Desk] = field(default_factory=list[Desk])

    @classmethod
    @asynccontextmanager
    async def open(cls, scratch: Path) -> AsyncGenerator[Self]:
        """A lake of its own below `scratch`; its cards are listened to."""
        (scratch / "home").mkdir(mode=0o700)
        async with opened(scratch / "lake", appliers=(FailureMemory(),)) as lake:
            recaller = Recaller(lake)
            made = cls(scratch, lake, Laptop(lake), recaller, asyncio.Queue())
            listening = asyncio.ensure_future(made._listen(Suggestions(lake, recaller)))
            try:
                yield made
            finally:
                listening.cancel()
                with suppress(asyncio.CancelledError):
                    await listening

    @property
    def home(self) -> Path:
        return self.scratch / "home"

    async def desk(self, root: Path) -> Desk:
        """Begins to watch a working copy that has commits; `root` has no links in it."""
        places = GitPlaces.of(root)
        reflog = reflog_of(root, places.directory, places.common)
        moves = Moves(root, redact, self.clock)
        made = Desk(root, working_copy(self.home, root), reflog, moves)
        await self._send(made, evidence(root))
        made.place = moves.end_of(reflog)
        if past := moves.past(reflog, made.place, made.told):
            made.told |= {c.sha for c in past.commits}
            await self._send(made, past)
        self.desks.append(made)
        return made

    def git(self, root: Path, *arguments: str) -> str:
        """As this person, at this time of the made-up clock; not told of yet."""
        at = f"{self.clock.ms // 1000} +0000"
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "gc.auto=0"]
        done = subprocess.run(
            ["git", *who, "-c", "init.defaultBranch=main", "-C", str(root), *arguments],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at},
        )
        return done.stdout.strip()

    async def tell(self, desk: Desk) -> None:
        """What git did since it was told last, as the watcher reads it."""
        operations, desk.place = desk.moves.since(desk.reflog, desk.place, desk.told)
        for _, operation in operations:
            await self._send(desk, operation)

    async def run(self, desk: Desk, command: str) -> Ran:
        """Runs and records it; it took a minute of the made-up clock."""
        self.clock.go_on(1)
        start = begin(shlex.split(command), desk.root, self.home, os.environ)
        done = await asyncio.to_thread(_output, command, desk.root)
        with finish(start, redact_bytes) as finished:
            text = redact(done.stdout + done.stderr)
            said = CommandFinished(
                command,
                str(desk.root),
                (done.returncode,),
                1_000,
                Output(text, len(text.encode())),
                finished.ground,
                recorder="run",
            )
            said = failures.interpret(said, str(desk.root))
            lsn = await self._send(desk, said, finished.blobs)
        return Ran(said, await self._cards_of(lsn))

    async def prove(self, remedy_id: str) -> ProofFinished:
        """With consent, and recorded."""
        proofs = Proofs(
            home=self.home,
            dragon=_Dragon(Material(self.lake, self.recaller)),
            contents=_Contents(self.lake),
            record=_Recorder(self),
            known=lambda: {str(desk.root): desk.copy for desk in self.desks},
            redact=redact,
            interpret=failures.interpret,
            clock=SystemClock(),
        )
        async for step in proofs.prove(ProofTarget(remedy_id=remedy_id, consent=True)):
            if isinstance(step.step, ProofFinished):
                return step.step
        raise AssertionError("a proof without an end")

    async def _send(
        self, desk: Desk, body: Body, blobs: Mapping[ContentHash, bytes] | None = None
    ) -> int:
        event = event_of(body, desk.copy, self.clock.now_ms())
        taken = await self.laptop.send(event, blobs=blobs or {})
        assert not taken.refusals, taken.refusals
        await self.lake.wait_applied(taken.lsn - 1)
        return taken.lsn

    async def _listen(self, suggestions: Suggestions) -> None:
        async for card in suggestions.watch(0):
            self.cards.put_nowait(card)

    async def _cards_of(self, lsn: int) -> tuple[Suggestion, ...]:
        count = await self.lake.memory.read(
            lambda db: int(db.execute("SELECT count(*) FROM cards WHERE lsn=?", (lsn,)).get)
        )
        async with asyncio.timeout(CARD_SECONDS_MAX):
            return tuple([await self.cards.get() for _ in range(count)])


@contextmanager
def surroundings() -> Generator[None]:
    """This interpreter first on the PATH, for the commands and for their proofs alike. No
    bytecode is kept: Python takes it for fresh when a file changes twice in a second and keeps its
    size, as a mistake of one character does."""
    wanted = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ |= wanted
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _output(command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        shlex.split(command),
        cwd=cwd,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=COMMAND_SECONDS_MAX,
    )


@dataclass(frozen=True, slots=True)
class _Dragon:
    held: Material

    async def material(self, remedy_id: str) -> RemedyMaterial:
        return await self.held.of(remedy_id)


@dataclass(frozen=True, slots=True)
class _Contents:
    lake: Lake

    async def blob(self, content: ContentHash) -> bytes:
        if (held := await self.lake.blob(content)) is None:
            raise Missing("no such blob")
        return held


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
        for event, blobs in entries:
            await self.world.laptop.send(event, blobs=blobs)
