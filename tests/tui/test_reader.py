"""For a screen reader: whole sentences, no sign that it would spell, news without asking."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from datetime import UTC

from developer_node.front.tui.reader import Reader
from tests.support.scripted_daemon import ScriptedDaemon, SetClock
from tests.support.tui_scenes import card, scene_ask, scene_card, scene_live
from tests.support.tui_scenes_frame import scene_away_for_long, scene_busy, scene_well

SPELLED = re.compile(r"[─-▟■□●◐○✓✗◆▸◇⊢⚙·…→⏎|]")


class Listener:
    """Types lines, and hears what is said; each line waits until the one before was answered."""

    def __init__(self, daemon: ScriptedDaemon) -> None:
        self.said: list[str] = []
        self.daemon = daemon
        self._typed: asyncio.Queue[str] = asyncio.Queue()
        self._reader = Reader(daemon.connect, self._hear, SetClock(), UTC)

    def _hear(self, line: str) -> None:
        self.said.append(line)

    async def _lines(self) -> AsyncGenerator[str]:
        while line := await self._typed.get():
            yield line

    async def until(self, heard: Callable[[], object]) -> None:
        """Lets everything go on until it was heard; the test's time limit ends a vain wait."""
        while not heard():  # noqa: ASYNC110 (what is said has no event)
            await asyncio.sleep(0.01)

    async def asked(self, line: str, ends_with: str) -> list[str]:
        """What is said after a line, up to a line that ends so."""
        before = len(self.said)
        self._typed.put_nowait(line)
        await self.until(lambda: any(s.endswith(ends_with) for s in self.said[before:]))
        return self.said[before:]

    async def __aenter__(self) -> Listener:
        self._task = asyncio.create_task(self._reader.run(self._lines()))
        await self.until(lambda: self._reader._heard.is_set() and self.daemon.all_read)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._typed.put_nowait("quit")
        await self._task
        for line in self.said:
            assert not SPELLED.search(line), line


async def test_home_says_what_needs_you_and_how_busy_the_nodes_are() -> None:
    """In whole sentences."""
    async with Listener(scene_busy()) as listener:
        await listener.until(lambda: listener._reader._notebook.unseen)
        said = await listener.asked("home", "2.0 GB.")
        assert said[0] == "1 thing needs you."
        assert "dragon node: serving, 87 % of a processor, 1.4 GB of memory." in said


async def test_the_timeline_says_what_failed_in_words() -> None:
    """Signs are words here."""
    async with Listener(scene_live()) as listener:
        await listener.until(lambda: listener._reader._notebook.entries())
        said = await listener.asked("2 3", "960 bytes ledger")
        assert "failed: pytest -q tests/test_money.py" in said[0]
        assert "saved: tests/test_money.py" in said[2]


async def test_a_card_is_announced_read_and_judged() -> None:
    """By its number."""
    daemon = scene_live()
    async with Listener(daemon) as listener:
        daemon.say(card())
        await listener.until(lambda: "This failed before" in listener.said[-1])
        said = await listener.asked("card 1", "to hear the change.")
        assert any(line.startswith("Remedy: observed, code,") for line in said)
        said = await listener.asked("diff 1", "Money:")
        assert "removed: share = round(self.cents / parts)" in said
        await listener.asked("accept 1", "Accepted.")
        assert daemon.verdicts == [("r1", "accepted")]


async def test_an_answer_is_said_with_its_places() -> None:
    """Then its words."""
    async with Listener(scene_ask()) as listener:
        said = await listener.asked("ask how is money split", "End of the answer.")
        assert any(line.startswith("Place 1: ledger, ledger/money.py:14-18") for line in said)
        assert any("divmod" in line for line in said)


async def test_a_dragon_away_is_said_once_and_what_is_not_known_is_said() -> None:
    """Each poll would say it again otherwise."""
    async with Listener(scene_away_for_long()) as listener:
        said = await listener.asked("lake", "without the Dragon.")
        assert said == ["The lake is not known without the Dragon."]
        assert sum("does not answer" in line for line in listener.said) == 1


async def test_every_word_of_the_help_is_answered() -> None:
    """And a word that is none is named."""
    async with Listener(scene_well()) as listener:
        assert await listener.asked("fly", "Type help.")
        assert await listener.asked("help", "as on the screen.")
        for word, ends in (
            ("models", "arriving 62 %."),
            ("nodes", "tokens/s"),
            ("context", "Nothing is watched."),
            ("failures", "come back yet."),
            ("card 9", "Type failures."),
            ("ask", "a question."),
        ):
            assert await listener.asked(word, ends), word


async def test_a_lost_daemon_is_said_and_its_return_too() -> None:
    """Without asking."""
    daemon = scene_card()
    async with Listener(daemon) as listener:
        daemon.go("The developer node has ended.")
        await listener.until(lambda: any("has ended" in line for line in listener.said))
        daemon.come_back()
        await listener.until(lambda: any("answers again" in line for line in listener.said))


async def test_an_answer_that_does_not_come_holds_nobody() -> None:
    never = asyncio.Event()
    daemon = ScriptedDaemon(answer=(never,))
    async with Listener(daemon) as listener:
        listener._typed.put_nowait("ask where is it decided")
        await listener.until(lambda: daemon.asked)
        said = await listener.asked("help", "quit: leave; recording goes on.")
        assert said[0] == "The answer is left."
        await listener.until(lambda: daemon.closed_answers)
