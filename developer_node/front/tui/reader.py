"""The screens for a screen reader: one line in, a few plain lines out, news when it comes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from datetime import tzinfo
from typing import Any, TextIO

from textual.message import Message

from common.clock import Clock
from common.errors import PostDevAIError
from common.model.answer import AskEnd, AskPassages, AskRequest
from common.model.failure import Suggestion
from developer_node.front.tui import messages, spoken
from developer_node.front.tui.card import headline
from developer_node.front.tui.daemon import Connect
from developer_node.front.tui.feed_reader import FeedReader
from developer_node.front.tui.notebook import Lost, Notebook
from developer_node.front.tui.places import PLACES
from developer_node.front.tui.plain import one_line, plain
from developer_node.front.tui.standing import banner
from developer_node.front.tui.wording import freshness, place

HELP = (
    "Type a word and Enter.",
    "home: what needs you. timeline, or timeline 20: what happened.",
    "failures: what came back. card 1: one of them. diff 1: its change.",
    "accept 1, reject 1: what you think of its remedy.",
    "ask and a question: an answer with its places.",
    "lake, models, context, nodes: how they stand.",
    "help: this. quit: leave; recording goes on.",
    "Numbers 1 to 8 stand for the views as on the screen.",
)
_NUMBERS = {each.number: "home" if each.name == "dashboard" else each.name for each in PLACES}


async def lines_of(source: TextIO) -> AsyncGenerator[str]:
    """Lines as they are typed; a thread reads, so that news can be said meanwhile."""
    loop, held = asyncio.get_running_loop(), asyncio.Queue[str]()

    def read() -> None:
        for line in iter(source.readline, ""):
            loop.call_soon_threadsafe(held.put_nowait, line)
        loop.call_soon_threadsafe(held.put_nowait, "")

    threading.Thread(target=read, daemon=True, name="reads lines").start()
    while line := await held.get():
        yield line


class Reader:
    """Answers lines; says by itself only what the person has to know."""

    def __init__(
        self, connect: Connect, say: Callable[[str], None], clock: Clock, zone: tzinfo | None
    ) -> None:
        self._say_line = say
        self._clock = clock
        self._zone = zone
        self._notebook = Notebook()
        self._feed = FeedReader(connect, self._take, repaint_s=1.0)
        self._standing = ""
        self._heard = asyncio.Event()

    async def run(self, lines: AsyncIterator[str]) -> None:
        """Until `quit` or the end of the lines."""
        following = asyncio.create_task(self._feed.run())
        asking: asyncio.Task[bool] | None = None
        try:
            self._say("PostDevAI, in plain lines. Type help and Enter for what can be asked.")
            async with asyncio.timeout(5):
                await self._heard.wait()
        except TimeoutError:
            self._say("The laptop's daemon has not answered yet.")
        try:
            async for line in lines:
                if asking is not None and not asking.done():
                    self._say("The answer is left.")
                    await _ended(asking)
                asking = asyncio.create_task(self._answer(line.strip()))
                if _word(line) != "ask" and not await asking:
                    return
            if asking is not None:
                await asking
        finally:
            if asking is not None:
                await _ended(asking)
            await _ended(following)

    async def _answer(self, line: str) -> bool:
        """Whether to go on."""
        rest = line.partition(" ")[2]
        try:
            return await self._do(_word(line), rest.strip())
        except PostDevAIError as error:
            self._say(one_line(f"{error.message} {error.hint}"))
            return True

    async def _do(self, word: str, rest: str) -> bool:
        now_ms, zone, status = self._clock.now_ms(), self._zone, self._notebook.status
        match word:
            case "":
                pass
            case "quit" | "q" | "exit":
                return False
            case "help" | "?":
                self._all(HELP)
            case "home" | "dashboard":
                self._all(spoken.home(self._notebook, now_ms, zone))
            case "timeline" | "history":
                rows = int(rest) if rest.isdecimal() else spoken.ROWS
                self._all(spoken.timeline(self._notebook, rows, now_ms, zone))
            case "failures":
                self._all(spoken.failures(self._notebook))
            case "card" | "diff" | "accept" | "reject":
                await self._with_card(word, rest)
            case "ask":
                await self._ask(rest)
            case "context":
                self._all(spoken.context(await self._feed.context()))
            case "lake" | "models" | "nodes":
                if status is None or self._notebook.lost is not None:
                    self._say("Not known while the laptop's daemon does not answer.")
                elif word == "nodes":
                    self._all(spoken.nodes(status, self._notebook.tasks, now_ms, zone))
                else:
                    self._all((spoken.lake if word == "lake" else spoken.models)(status))
            case _:
                self._say(f"{one_line(word, 40)} is not known. Type help.")
        return True

    async def _with_card(self, word: str, rest: str) -> None:
        cards = self._notebook.cards()
        number = int(rest) if rest.isdecimal() else 1
        if not 1 <= number <= len(cards):
            self._say("There is no such card. Type failures.")
            return
        card = cards[number - 1]
        self._notebook.unseen.discard(card.id)
        if word == "diff":
            self._all(spoken.diff(card))
        elif word == "card":
            self._all(spoken.card(card, self._clock.now_ms(), self._zone))
        else:
            await self._judge(card, accepted=word == "accept")

    async def _judge(self, card: Suggestion, *, accepted: bool) -> None:
        remedies = card.recollection.remedies
        if not remedies:
            self._say("This card has no remedy.")
            return
        await self._feed.feedback(remedies[0].id, "accepted" if accepted else "rejected")
        self._say("Accepted." if accepted else "Rejected.")

    async def _ask(self, question: str) -> None:
        if not question:
            self._say("Type ask and a question.")
            return
        async with aclosing(self._feed.ask(AskRequest(question))) as parts:
            async for part in parts:
                match part:
                    case AskPassages() as found:
                        self._say(f"{len(found.passages)} places. {freshness(found.freshness)}.")
                        for number, hit in enumerate(found.passages, 1):
                            self._say(f"Place {number}: {one_line(hit.project)}, {place(hit)}")
                        if found.without_model:
                            self._say(f"No words: {one_line(found.without_model)}.")
                    case AskEnd() as end:
                        self._all(line for line in plain(end.answer).split("\n") if line.strip())
                    case _:
                        pass
        self._say("End of the answer.")

    def _take(self, message: Message) -> None:
        match message:
            case messages.Connected():
                if self._notebook.lost is not None:
                    self._say("The laptop's daemon answers again.")
                self._notebook.lost = None
            case messages.ConnectionLost(sentence=sentence, hint=hint):
                if self._notebook.lost is None:
                    self._say(one_line(f"{sentence} {hint}"))
                self._notebook.lost = Lost(sentence, hint)
                self._heard.set()
            case messages.FeedArrived() as came:
                self._notebook.add_events(came.events)
                if came.state is not None:
                    self._notebook.state = came.state
                for card in self._notebook.add_cards(came.cards):
                    self._say(f"This failed before: {spoken.aloud(headline(card).plain)}.")
            case messages.FeedMissed(sentence=sentence):
                self._say(one_line(sentence))
            case messages.HistoryArrived(entries=entries):
                self._notebook.add_history(entries)
            case messages.StatusArrived(status=status):
                self._notebook.set_status(status)
                self._heard.set()
            case messages.TasksArrived(tasks=tasks):
                self._notebook.tasks = tasks
            case _:
                pass
        self._say_standing()

    def _say_standing(self) -> None:
        """What is missing, once; that it is back, once."""
        if self._notebook.lost is not None or self._notebook.status is None:
            return
        standing = banner(self._notebook)
        said = f"{standing.sentence} {standing.rest}".strip() if standing else ""
        if said != self._standing:
            self._say(said or "All is well again.")
            self._standing = said

    def _all(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._say(line)

    def _say(self, line: str) -> None:
        self._say_line(spoken.aloud(line))


def _word(line: str) -> str:
    """What is asked for; a number stands for its view."""
    word = line.strip().partition(" ")[0]
    return _NUMBERS.get(word, word.lower())


async def _ended(task: asyncio.Task[Any]) -> None:
    """Cancels it, and waits until it has come to its end."""
    task.cancel()
    await asyncio.wait((task,))
