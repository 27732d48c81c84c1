"""`up`: starts whatever is missing, waits as long as asked, and stops in order what it started."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from common.clock import SystemClock
from common.daemon.home import Home, Ready
from common.daemon.listening import listen_at
from common.errors import PostDevAIError, Unavailable
from common.model.laptop import LaptopStatus
from common.model.node import Role
from developer_node.front.output_page import Line, Page, Span, line
from developer_node.front.output_progress import steps
from developer_node.front.output_remedies import mined
from developer_node.front.output_story import NO_GIT
from developer_node.front.past_offer import PastOffer, look
from developer_node.front.service.running_service import STOP, service_of
from developer_node.front.up import codes, daemons, moving
from developer_node.front.up.daemons import ORDER, Child
from developer_node.front.up.readiness import Standing, Wait, standing
from developer_node.front.up.restarting import Restarting
from developer_node.front.up.turns import alone, on_signals

if TYPE_CHECKING:
    from developer_node.front.local_client import LocalClient

POLL_STATUS_S = 0.25
READY_S = 60.0
"""For the nodes to find each other once all of them run."""
WATCH_S = 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `up` was asked for."""

    repos: tuple[Path, ...] = ()
    wait: Wait = "ready"
    detach: bool = False
    tui: bool = False

    host: str = ""
    """Where the nodes of this machine listen from now on; empty for where they did."""


class _Client(Protocol):
    async def status(self) -> LaptopStatus: ...


class Supervisor:
    """The daemons of one HOME, those that it started itself among them."""

    def __init__(self, home: Home, page: Page) -> None:
        self._home = home
        self._page = page
        self._children: list[Child] = []
        self._roles: tuple[Role, ...] = ORDER
        self._on_signal: Callable[[], object] = lambda: None

    async def up(self, wanted: Wanted) -> int:
        """Until that much is there; then, with children of its own, until it is told to stop."""
        task = asyncio.current_task()
        assert task is not None
        self._on_signal = task.cancel
        # From the first moment to the last: a signal between two handlers would kill `up` alone.
        with on_signals(lambda: self._on_signal()):
            try:
                await self._start(wanted)
                await self._wait(wanted)
            except asyncio.CancelledError:
                self._page.show(line("Interrupted."))
                await self._stop_children()
                return 130 if wanted.detach else 0
            except PostDevAIError:
                if not wanted.detach:
                    await self._stop_children()
                raise
            return await self._stay(wanted)

    async def begin(self, host: str = "") -> tuple[Ready, ...]:
        """Starts what is missing here and leaves it running."""
        task = asyncio.current_task()
        assert task is not None
        self._on_signal = task.cancel
        with on_signals(lambda: self._on_signal()):
            await self._start(Wanted(detach=True, host=host))
        return tuple(ready for role in self._roles if (ready := self._home.ready(role)))

    async def _start(self, wanted: Wanted) -> None:
        async with alone(self._home.root / "up.lock", self._page):
            if wanted.host:
                listen_at(self._home, wanted.host)
            self._roles = codes.roles_here(self._home, ORDER)
            running: dict[Role, Ready | None] = {r: self._home.ready(r) for r in self._roles}
            if wanted.host:
                running = await moving.moved(self._home, self._page, running)
            if all(running.values()):
                self._page.show(line("PostDevAI is already running."))
            if "coordinator" in self._roles and not running["coordinator"]:
                await self._found()
            try:
                await self._start_missing(running, with_parent=not wanted.detach)
            except (PostDevAIError, asyncio.CancelledError):
                await self._stop_children()
                raise

    async def _found(self) -> None:
        if not (self._home.root / "coordinator").is_dir():
            self._page.show(line(f"Making the keys of a new mesh in {self._home.root}"))
        await codes.found(self._home)

    async def _start_missing(self, running: dict[Role, Ready | None], *, with_parent: bool) -> None:
        for role in self._roles:
            ready = running[role]
            if ready is not None:
                as_one = " as a service" if service_of(ready.pid) else ""
                self._page.show(_said(ready, f"already running{as_one}"))
                continue
            self._page.show(_said(await self._start_one(role, with_parent), "started"))

    async def _start_one(self, role: Role, with_parent: bool) -> Ready:
        code = await codes.join_file(self._home, role)
        child = daemons.start(role, self._home, join_file=code, with_parent=with_parent)
        self._children.append(child)
        try:
            with steps(self._page, f"starting the {role} node") as step:

                def waiting(waited: float) -> None:
                    if waited > 1:
                        step.now(f"the {role} node gets ready")

                return await daemons.until_ready(child, self._home, waiting)
        finally:
            if code is not None:
                code.unlink(missing_ok=True)

    async def _wait(self, wanted: Wanted) -> None:
        if "developer" not in self._roles:
            return
        from developer_node.front.local_client import LocalClient
        from developer_node.text.working_copy import find_root

        async with await LocalClient.connect(self._home, timeout=20) as client:
            paths: list[str] = []
            for repo in wanted.repos:
                watched = await client.watch(str(repo))
                paths.append(watched.path)
                self._page.show(line("Watching ", Span(watched.path, "cyan")))
                if await asyncio.to_thread(find_root, Path(watched.path)) is None:
                    self._page.show(line(Span(NO_GIT, "yellow")))
            await self._until(client, wanted.wait, paths)
            if paths and not (wanted.tui and self._page.terminal):  # else the TUI shows it
                await self._offer_past(client, paths[0])

    async def _offer_past(self, client: LocalClient, path: str) -> None:
        offer = PastOffer(self._home)
        offered = await look(client.remedies.mine(path, 1)) if offer.due else None
        if offered is None:
            return
        if offered.fix is None:
            self._page.show(line(offered.sentence))
        else:
            self._page.show(line(), line(Span("You fixed something like this before:", "bold")))
            self._page.show(*mined(offered.fix, SystemClock().now_ms()))
        offer.made()

    async def _until(self, client: _Client, wait: Wait, paths: Sequence[str]) -> None:
        clock = asyncio.get_running_loop()
        end = clock.time() + READY_S
        with steps(self._page, "waiting for the nodes to find each other") as step:
            while True:
                self._look_for_deaths()
                there, serving = await _standing(client, wait, paths)
                if there.failed:
                    raise Unavailable(there.failed, hint=there.hint)
                if there.done:
                    break
                if serving:  # the rest takes as long as it takes
                    end = clock.time() + READY_S
                elif clock.time() > end:
                    raise Unavailable(there.sentence, hint="look at: postdevai status")
                step.now(there.sentence, there.share)
                await asyncio.sleep(POLL_STATUS_S)
        self._page.show(line(Span(there.sentence[:1].upper() + there.sentence[1:] + ".", "green")))

    def _look_for_deaths(self) -> None:
        for child in self._children:
            if child.process.poll() is not None:
                raise daemons.ended(child.role, self._home, child.process.returncode)
        for role in self._roles:
            if not self._home.is_locked(role):
                raise daemons.ended(role, self._home, None)

    async def _stay(self, wanted: Wanted) -> int:
        stop = asyncio.Event()
        self._on_signal = stop.set
        if wanted.tui and self._page.terminal and sys.stdin.isatty():
            # with children of its own it keeps the terminal afterwards, and the TUI says so
            await self._with_tui(stop, here=bool(self._children) and not wanted.detach)
        left = [child for child in self._children if child.process.poll() is None]
        if self._children and not left:
            return 0
        if "developer" in self._roles:
            self._page.show(
                line("Record your work with: postdevai shell. How it stands: postdevai status")
            )
        if wanted.detach or not left:
            stop_words = f"{STOP} all" if self._all_services() else "postdevai down"
            self._page.show(line(f"It goes on by itself. Stop it with: {stop_words}"))
            return 0
        self._page.show(line("Recording goes on here. Stop everything with Ctrl-C."))
        return await self._until_told(stop)

    def _all_services(self) -> bool:
        running = [ready for role in self._roles if (ready := self._home.ready(role)) is not None]
        return bool(running) and all(service_of(ready.pid) for ready in running)

    async def _until_told(self, stop: asyncio.Event) -> int:
        watched = Restarting(self._home, self._children, self._page)
        while watched.some_left and not stop.is_set():
            watched.look(asyncio.get_running_loop().time())
            try:
                async with asyncio.timeout(WATCH_S):
                    await stop.wait()
            except TimeoutError:
                continue
        if stop.is_set():
            await self._stop_children()
            return 0
        self._page.show(line("Nothing that was started here runs any more."))
        return 0 if all(child.process.returncode == 0 for child in self._children) else 3

    async def _with_tui(self, stop: asyncio.Event, *, here: bool) -> None:
        """The TUI as a process of its own: whatever happens in it, the nodes stop in order."""
        last = ("tui", "--here") if here else ("tui",)
        words = (sys.executable, "-P", "-m", "developer_node.front.cli", *last)
        screen = await asyncio.create_subprocess_exec(*words)

        def leave() -> None:
            stop.set()
            with contextlib.suppress(ProcessLookupError):
                screen.terminate()

        self._on_signal = leave
        code = await screen.wait()
        self._on_signal = stop.set
        if code and not stop.is_set():
            self._page.show(*_screens_failed(code))
        if stop.is_set():
            await self._stop_children()

    async def _stop_children(self) -> None:
        """Last started, first stopped. A signal meanwhile is a node's second: it ends at once."""
        self._on_signal = self._hurry
        for child in reversed(self._children):
            if child.process.poll() is None:
                how = await daemons.stop(child.process.pid, child.role)
                child.process.poll()
                self._page.show(line(f"{child.role:<12}", how))
            if child.process.stdin is not None:
                child.process.stdin.close()

    def _hurry(self) -> None:
        for child in self._children:
            if child.process.poll() is None:
                child.process.terminate()


async def _standing(client: _Client, wait: Wait, paths: Sequence[str]) -> tuple[Standing, bool]:
    """How far it has come, and whether all three serve. A daemon that is busy may say no once."""
    try:
        now = await client.status()
    except Unavailable as error:
        return Standing(False, error.message), False
    return standing(now, wait, paths), standing(now, "ready", ()).done


def _screens_failed(code: int) -> list[Line]:
    """They ended by themselves; the nodes go on."""
    how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
    return [
        line(Span(f"The screens ended by themselves, {how}. What they said is above.", "red")),
        line("Open them again with: postdevai tui"),
    ]


def _said(ready: Ready, state: str) -> Line:
    return line(
        Span(f"{ready.role:<12}", "bold"),
        f"{state}, pid {ready.pid}, at {ready.address}",
    )
