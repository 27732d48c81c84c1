"""The stage of the demo: a HOME, repositories, the commands, and whoever watches the feed."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from common.daemon.home import Home
from common.model.failure import Suggestion
from developer_node.front.local_client import LocalClient

CARD_TIMEOUT_S = 20.0
POSTDEVAI = Path(sys.executable).with_name("postdevai")


class Untrue(Exception):
    """Something that the demo promised did not hold; the message says what."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """What it printed, read."""
        try:
            return json.loads(self.out)
        except ValueError as error:
            raise Untrue(f"this is no JSON: {self.out[:200]!r} ({self.err[:400]})") from error


@dataclass(slots=True)
class Stage:
    """Everything lies below one directory, which goes at the end."""

    directory: Path
    begun: float = field(default_factory=time.monotonic)
    checks: int = 0

    @property
    def home(self) -> Path:
        """POSTDEVAI_HOME of this mesh alone."""
        return self.directory / "home"

    @property
    def network_down(self) -> Path:
        """While this file exists the shop's warehouse does not answer."""
        return self.directory / "network-down"

    def environment(self) -> dict[str, str]:
        """A person's, without this person's git settings or pytest options."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PYTEST_"))}
        return kept | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}",
            "POSTDEVAI_HOME": str(self.home),
            "SHOP_NETWORK_DOWN": str(self.network_down),
            "PYTHONDONTWRITEBYTECODE": "1",  # two edits in one second leave stale bytecode
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
        }

    def say(self, line: str) -> None:
        """One short line with the time since the curtain rose."""
        print(f"{time.monotonic() - self.begun:6.1f} s  {line}", flush=True)

    def check(self, claim: str, holds: bool, otherwise: object = "") -> None:
        """Says what was checked; Untrue ends the demo."""
        if not holds:
            raise Untrue(f"{claim}: no. {otherwise}".strip())
        self.checks += 1
        print(f"          ✓ {claim}", flush=True)

    async def run(self, command: Sequence[str | Path], cwd: Path) -> Done:
        """Runs a program to its end."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            cwd=cwd,
            env=self.environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
        )
        out, err = await process.communicate()
        code = process.returncode if process.returncode is not None else -1
        return Done(code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))

    async def postdevai(self, *words: str | Path, cwd: Path | None = None) -> Done:
        """The product's own command."""
        return await self.run([POSTDEVAI, *words], cwd or self.directory)

    async def until(
        self, words: str, holds: Callable[[dict[str, Any]], bool], limit_s: float, otherwise: str
    ) -> dict[str, Any]:
        """What a command says with --json, asked again until it holds."""
        deadline = time.monotonic() + limit_s
        done = Done(-1, "", "")
        while time.monotonic() < deadline:
            name, *rest = words.split()
            done = await self.postdevai(name, "--json", *rest)
            if done.code in (0, 1) and holds(said := done.json()):
                return said
        raise Untrue(f"{otherwise} within {limit_s:.0f} s: {done.out[:400]} {done.err[:400]}")

    async def git(self, root: Path, *words: str) -> str:
        """Git, which must not fail here."""
        done = await self.run(["git", *words], root)
        if done.code:
            raise Untrue(f"git {' '.join(words)}: {done.err.strip()}")
        return done.out.strip()

    async def commit(self, root: Path, subject: str) -> str:
        """Commits everything; the commit's id."""
        await self.git(root, "add", "-A")
        await self.git(root, "commit", "-q", "-m", subject)
        return await self.git(root, "rev-parse", "HEAD")

    async def start(self, *repositories: Path) -> None:
        """`up`, until the words of every repository can be found."""
        named = [word for root in repositories for word in ("--repo", root)]
        done = await self.postdevai("up", *named, "--detach", "--wait", "words")
        if done.code:
            raise Untrue(f"up ended with {done.code}:\n{done.out}{done.err}")

    async def stop(self) -> None:
        """`down`; nobody may be left."""
        done = await self.postdevai("down", "--free")
        if done.code:
            raise Untrue(f"down ended with {done.code}:\n{done.out}{done.err}")

    def left_behind(self) -> list[str]:
        """Processes that still belong to this HOME."""
        mine = str(self.home)
        found: list[str] = []
        for process in psutil.process_iter(["pid", "cmdline"]):
            words: list[str] = process.info["cmdline"] or []
            if process.pid != os.getpid() and any(mine in word for word in words):
                found.append(f"{process.pid} {' '.join(words)}")
        return found


@dataclass(slots=True)
class Cards:
    """Every card that arrived unasked, in order."""

    arrived: list[tuple[float, Suggestion]] = field(default_factory=list[tuple[float, Suggestion]])
    _more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def after(self, number: int, waited_for: str) -> tuple[float, Suggestion]:
        """The card that follows the first `number` ones."""
        try:
            async with asyncio.timeout(CARD_TIMEOUT_S), self._more:
                await self._more.wait_for(lambda: len(self.arrived) > number)
        except TimeoutError:
            sentence = f"no card came within {CARD_TIMEOUT_S:.0f} s for {waited_for}"
            raise Untrue(sentence) from None
        return self.arrived[number]

    async def listen(self, client: LocalClient) -> None:
        """Notes every card of the live feed; ends when it is cancelled. One that comes again
        under its own id says what is so now."""
        async for item in client.feed():
            if isinstance(item.item, Suggestion):
                async with self._more:
                    self._note(item.item)
                    self._more.notify_all()

    def _note(self, card: Suggestion) -> None:
        for place, (arrived, known) in enumerate(self.arrived):
            if known.id == card.id:
                self.arrived[place] = (arrived, card)
                return
        self.arrived.append((time.monotonic(), card))


@asynccontextmanager
async def watching(home: Path) -> AsyncGenerator[Cards]:
    """Watches the feed, as the TUI does, while the block runs."""
    cards = Cards()
    client = await LocalClient.connect(Home.from_env(str(home)))
    try:
        async with asyncio.TaskGroup() as group:
            listener = group.create_task(cards.listen(client))
            try:
                yield cards
            finally:
                listener.cancel()
    finally:
        await client.close()
