"""What a Dragon tells a laptop's mirror, made up."""

from __future__ import annotations

from dataclasses import replace

from common.model.event import CommandFinished, Event, Ground, Output
from common.model.failure import Failure, Frame, Occurrence, Recollection, Remedy
from common.model.ids import EventId, Fingerprint, WorkingCopyId
from common.model.lake import HistoryEntry
from common.model.near import MemoryComplete, MemoryReset, MirroredSymptom, Told
from developer_node.near.mirror import Mirror

EPOCH = "a journal"
BEGAN_MS = 1_700_000_000_000


def failure(number: int = 1, values: str = "v1") -> Failure:
    """A failure whose words are its own."""
    name = _name(number)
    return Failure(
        tool="pytest",
        code="KeyError",
        kind="test",
        message=f"the {name} basket has no such {name} entry",
        normalised=f"the {name} basket has no such {name} entry",
        test=f"tests/test_{name}.py::test_total",
        frames=(Frame(f"shop/{name}.py", "price", 3, True),),
        fingerprint=Fingerprint(f"{number:032x}"),
        values=values,
    )


def remedy(number: int = 1) -> Remedy:
    """What made it pass."""
    return Remedy(
        f"{number:032x}",
        "observed",
        "code",
        label="abc1234 fix",
        diff=f"-    return TABLE[{number}]\n+    return TABLE.get({number}, 0)\n",
        why="it passed with this",
        project="shop",
    )


def symptom(number: int = 1, values: str = "v1", *, stamp: str = "s1") -> MirroredSymptom:
    """A symptom with one remedy; the higher its number, the later it was seen."""
    of = failure(number, values)
    at_ms = BEGAN_MS + number * 60_000
    seen = Occurrence(event_id(number), at_ms, "shop", "/shop", "", "pytest", of.message)
    told = Recollection("same", of, (seen,), (remedy(number),))
    why = "the same symptom was seen before and passed later"
    return MirroredSymptom(
        of.fingerprint, values, stamp, number * 64, at_ms, told, offered=True, why=why
    )


def event_id(number: int) -> EventId:
    """Of the event with this number."""
    return EventId(f"{number:032x}")


def failed(number: int, *failures: Failure, command: str = "pytest -x") -> Event:
    """A command that failed, with what it printed."""
    body = CommandFinished(
        command,
        "/shop",
        (1,),
        20,
        output=Output("what it printed", 15),
        ground=Ground("head"),
        failures=failures,
    )
    at_ms = BEGAN_MS + number * 60_000
    return Event(event_id(number), at_ms, WorkingCopyId("c" * 16), body)


def entry(number: int, command: str = "ls") -> HistoryEntry:
    """An event as the Dragon lists it."""
    event = failed(number, command=command)
    assert isinstance(event.body, CommandFinished)
    body = replace(event.body, output=Output("", 15), exit_codes=(0,))
    return HistoryEntry(number, replace(event, body=body), "shop")


def all_told(*parts: Told, cursor: int = 1) -> list[Told]:
    """A first telling, whole."""
    return [MemoryReset(EPOCH), *parts, MemoryComplete(EPOCH, cursor)]


async def tell(mirror: Mirror, *parts: Told) -> None:
    """As the follower does it."""
    life, _ = await mirror.request()
    while not await mirror.take(life, parts):
        life, _ = await mirror.request()


def _name(number: int) -> str:
    """A word of letters alone, another one for each number."""
    letters = ""
    while number:
        number, digit = divmod(number, 26)
        letters += chr(ord("a") + digit)
    return f"w{letters}x"
