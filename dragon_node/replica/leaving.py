"""A machine that is a Dragon no longer: only once another one leads what it held."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Literal, Protocol

from common.clients.authority import last_word
from common.clients.replica import unseated
from common.daemon.elsewhere import went
from common.daemon.home import Home
from common.errors import Conflict, Missing
from common.model.ids import NodeId
from common.model.replica import LakeLead
from common.rpc.credentials import NodeIdentity
from dragon_node.lake import ramdisk
from dragon_node.lake.replication import held_by_running, is_bare, reach_of_stopped

WAIT_S = 60.0
"""A follower takes the lead when the lease has ended, 3 s; it looks again with growing pauses."""
LOOK_S = 0.5
HINT = "It is not put aside. Have another one follow it first: docs/operate.md"

Verdict = Literal["led", "wait", "alone"]


class Asks(Protocol):
    """Who leads a lake, as the Coordinator has it."""

    async def get(self, lake: str) -> LakeLead: ...


def verdict(lead: LakeLead, own: NodeId) -> Verdict:
    """Whether another one leads the lake, may lead it soon, or none has everything."""
    if lead.leader not in ("", own):
        return "led"
    return "wait" if lead.leader and lead.followers else "alone"


async def leave(home: Home) -> str:
    """Puts HOME/dragon aside once another Dragon leads its lake; what was done, in sentences.

    It must have stopped. Conflict when no other one has everything, or none takes the lead; one to
    which nobody ever sent a record has nothing that another could lack.
    """
    directory = home.root / "dragon"
    if not (directory / "identity" / "leaf.pem").is_file():
        raise Missing(f"there is no Dragon in {home.root}")
    identity = await NodeIdentity.open(directory / "identity")
    leader = ""
    if not await is_bare(directory):
        held = await reach_of_stopped(directory)
        leader = await _leader(identity, held.journal)
    aside = await asyncio.to_thread(_put_aside, home, directory)
    who = f"{leader} leads what it held" if leader else "It held nothing"
    return f"{who}. What was here is kept in {aside}.\n{await last_word(identity)}"


async def ask_first(home: Home) -> None:
    """Conflict where a Dragon that still runs could not leave; nothing is changed.

    It may come to hold something, or lose its follower, before it has stopped: `leave` looks again.
    """
    directory = home.root / "dragon"
    if not (directory / "identity" / "leaf.pem").is_file():
        raise Missing(f"there is no Dragon in {home.root}")
    if not (lake := await held_by_running(directory)):
        return
    identity = await NodeIdentity.open(directory / "identity")
    async with unseated(identity) as asks:
        if verdict(await asks.get(lake), identity.identity.id) == "alone":
            raise _alone()


async def led_by_another(asks: Asks, lake: str, own: NodeId, wait_s: float = WAIT_S) -> NodeId:
    """Waits for another leader; Conflict when there is none."""
    end = asyncio.get_running_loop().time() + wait_s
    while True:
        lead = await asks.get(lake)
        match verdict(lead, own):
            case "led":
                return lead.leader
            case "alone":
                raise _alone()
            case "wait" if asyncio.get_running_loop().time() > end:
                names = ", ".join(lead.followers)
                said = f"{names} follows this Dragon and has not taken the lead in {wait_s:.0f} s"
                raise Conflict(said, hint="Look whether it runs: postdevai nodes")
            case "wait":
                await asyncio.sleep(LOOK_S)


def _alone() -> Conflict:
    return Conflict("no other Dragon has everything that this one holds", hint=HINT)


async def _leader(identity: NodeIdentity, lake: str) -> NodeId:
    async with unseated(identity) as asks:
        return await led_by_another(asks, lake, identity.identity.id)


def _put_aside(home: Home, directory: Path) -> Path:
    ramdisk.detach(directory)
    now = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    aside = home.root / f"dragon-left-{now}"
    went(home, ("dragon",))
    directory.rename(aside)
    return aside
