"""Clients of two laptops that write their history: they record, edit, submit, and read."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from common.errors import PostDevAIError
from common.model.event import CommandFinished
from common.model.lake import HistoryQuery
from common.model.task import TaskWish
from developer_node.front.local_client import LocalClient
from tests.support.five_machines import FiveMachines, Node, led
from tests.support.flowing import NUMBERED_MAX, Flow
from tests.support.history import History

PROJECT = "github.com/ada/thing"
PINS_MAX = 4_000
"""On each laptop; there may be 10,000."""
TASKS_MAX = 400
"""Of each laptop; the newest 1,000 that ended are kept."""
FIRST_OF = 1 << 20
"""The numbers of one laptop's events begin so far behind those of another."""
READ = 50
LINES = 200
"""Of the first laptop in one note, and about as many of the other: its history has a limit."""

Turn = Callable[[LocalClient], Awaitable[None]]


class Clients:
    """What is done on both laptops until `working` ends; `quiet` holds the writers back."""

    def __init__(self, machines: FiveMachines, history: History, dice: random.Random) -> None:
        self._machines = machines
        self._history = history
        self._dice = dice
        self._may_write = asyncio.Event()
        self._ended = asyncio.Event()
        self._writing = 0
        self._note = ""
        self.settings = 0
        """Which setting both laptops set now; whoever counts on leaves the last as it is."""
        self.flows = {node.name: _flow(node, n) for n, node in enumerate(machines.laptops)}

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[None]:
        """All of them, until the block ends; none may end by itself."""
        works: list[Awaitable[None]] = [self._leads()]
        for node in self._machines.laptops:
            works += [self._records(node)]
            works += [self._edits(node), self._notes(node), self._submits(node), self._reads(node)]
        self._may_write.set()
        tasks = [asyncio.ensure_future(work) for work in works]
        try:
            yield
            for task in tasks:
                assert not task.done(), task.exception()
        finally:
            self._ended.set()
            self._may_write.set()
            await asyncio.gather(*tasks, return_exceptions=True)

    @asynccontextmanager
    async def quiet(self) -> AsyncGenerator[None]:
        """No client writes, and none is in the middle of a write."""
        self._may_write.clear()
        while self._writing:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        try:
            yield
        finally:
            self._may_write.set()

    # -- one client each ----------------------------------------------------------------------

    async def _records(self, node: Node) -> None:
        """As the recorder does: into the spool, whether or not the daemon is there."""
        flow = self.flows[node.name]
        while await self._turn(0.1, 0.4):
            name = f"{flow.written + 1:032x}"
            self._history.say(node.name, "asked", "event", name)
            try:
                await asyncio.to_thread(flow.write, 1)
            finally:
                self._writing -= 1
            self._history.say(node.name, "acknowledged", "event", name)

    async def _edits(self, node: Node) -> None:
        """Pins of its own, and a setting that both laptops set."""
        numbers = itertools.count(1)

        async def turn(client: LocalClient) -> None:
            number = next(numbers)
            if number <= PINS_MAX:
                pin = f"{node.name}/{number}.py"
                self._history.say(node.name, "asked", "pin", pin)
                await client.shared.put("pin", PROJECT, pin, "")
                self._history.say(node.name, "acknowledged", "pin", pin)
            scope = f"{PROJECT}-{self.settings}"
            edit = self._history.edits.ask(node.name, scope, f"{node.name} {number}")
            put = await client.shared.put("setting", scope, "answers.note", edit.value)
            self._history.edits.acknowledge(edit, put.at_ms)

        await self._turns(node, turn, 0.2, 0.8)

    async def _notes(self, node: Node) -> None:
        """A line more at the end of the note that both laptops write; the first begins each."""
        numbers = itertools.count(1)
        begins = node is self._machines.laptops[0]

        async def turn(client: LocalClient) -> None:
            number, shared = next(numbers), client.shared
            if begins and number % LINES == 0:
                self._note = ""
            if not (begins or self._note):
                return
            key, text, version = self._note, "", b""
            if key:
                note = await shared.item("note", PROJECT, key)
                text, version = note.value, note.version
            line = f"{node.name} {number}"
            self._history.say(node.name, "asked", "line", line)
            put = await shared.put("note", PROJECT, key, f"{text}{line}\n", version)
            self._history.say(node.name, "acknowledged", "line", line)
            if begins:
                self._note = put.key

        await self._turns(node, turn, 0.5, 2.0)

    async def _submits(self, node: Node) -> None:
        """Work for whichever Dragon has time; a name is submitted until it is answered for."""
        answered = 0

        async def turn(client: LocalClient) -> None:
            nonlocal answered
            if answered == TASKS_MAX:
                return
            name = f"{node.name}-{answered + 1}"
            self._history.say(node.name, "asked", "task", name)
            task, _ = await client.tasks.submit(TaskWish("compact", name))
            assert task.key == name, task
            self._history.say(node.name, "acknowledged", "task", name, task.id)
            answered += 1

        await self._turns(node, turn, 0.5, 3.0)

    async def _reads(self, node: Node) -> None:
        """Who is there, and what the Dragon remembers; what was read has to stay."""

        async def turn(client: LocalClient) -> None:
            for each in await client.nodes():
                holder = f"{each.id} process {each.pid}"
                self._history.saw(f"the lease of {each.id}", each.epoch, holder, node.name)
            page = await client.history(HistoryQuery(limit=READ))
            if page.freshness.away is not None:
                return
            for entry in page.entries:
                ours = int(entry.event.id, 16) < NUMBERED_MAX
                if ours and isinstance(entry.event.body, CommandFinished):
                    self._history.say(node.name, "read", "event", entry.event.id)

        await self._turns(node, turn, 0.2, 0.6, writes=False)

    async def _leads(self) -> None:
        """Who leads the lake, as the Dragons wrote it down."""
        while await self._turn(0.05, 0.1, writes=False):
            for dragon in self._machines.dragons:
                leader, epoch = await asyncio.to_thread(led, dragon)
                self._history.saw("the lake", epoch, leader, dragon.name)

    # -- in turns -----------------------------------------------------------------------------

    async def _turns(
        self, node: Node, turn: Turn, least_s: float, most_s: float, *, writes: bool = True
    ) -> None:
        """Turn by turn with a client of the laptop's daemon. What is refused, or not answered, was
        perhaps done: nothing is said of it."""
        client: LocalClient | None = None
        try:
            while await self._turn(least_s, most_s, writes=writes):
                try:
                    client = client or await LocalClient.connect(node.home)
                    await turn(client)
                except PostDevAIError:
                    if client is not None:
                        await client.close()
                    client = None
                finally:
                    self._writing -= writes
        finally:
            if client is not None:
                await client.close()

    async def _turn(self, least_s: float, most_s: float, *, writes: bool = True) -> bool:
        """After a while by the dice, and once it may write; False at the end."""
        await asyncio.sleep(self._dice.uniform(least_s, most_s))
        if not writes:
            return not self._ended.is_set()
        await self._may_write.wait()
        if self._ended.is_set():
            return False
        self._writing += 1
        return True


def _flow(node: Node, number: int) -> Flow:
    assert node.repository is not None
    flow = Flow(node.machine, node.repository.root)
    flow.written = number * FIRST_OF
    return flow
