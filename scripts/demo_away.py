"""The demo's last act: the Dragon is killed, and the laptop still remembers."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from demo_stage import Stage, Untrue

MIRROR_S = 60.0
"""For the laptop's mirror to have what the Dragon has."""


async def away_act(stage: Stage, fail: Callable[[], Awaitable[None]], commit: str) -> None:
    """`fail` lets a known failure return; `commit` is the one that repaired it."""
    await _mirrored(stage)
    pid = await _dragon(stage)
    os.kill(pid, signal.SIGKILL)
    stage.say(f"The Dragon (process {pid}) is killed. The same failure once more:")
    await fail()
    known = await _away(stage, commit)
    label = known["freshness"]["away"]
    stage.say(label["sentence"])
    stage.check("it says that it is this laptop's own memory", label["source"] == "mirror", label)
    found = await stage.postdevai("search", "--json", "--literal", "def percent")
    stage.check("search goes on in the working copies", found.code == 0, found.err)
    stage.check("and says so", found.json()["freshness"]["away"] is not None)


async def _mirrored(stage: Stage) -> None:
    """Until nothing waits for the Dragon, so that its memory and the mirror are the same."""

    def settled(status: dict[str, Any]) -> bool:
        return not status["outbox"]["waiting"] and bool(status["near"]["symptoms"])

    await stage.until("status", settled, MIRROR_S, "the mirror is not filled")


async def _dragon(stage: Stage) -> int:
    status = (await stage.postdevai("status", "--json")).json()
    pids = [node["pid"] for node in status["nodes"] if node["role"] == "dragon"]
    if len(pids) != 1 or not pids[0]:
        raise Untrue(f"there is not one Dragon: {status['nodes']}")
    return int(pids[0])


async def _away(stage: Stage, commit: str) -> dict[str, Any]:
    """What `recall` says once the laptop has noticed."""

    def labelled(known: dict[str, Any]) -> bool:
        return known["freshness"]["away"] is not None and known["match"] == "same"

    known = await stage.until("recall --last", labelled, MIRROR_S, "nothing is remembered here")
    named = [remedy["commit"] for remedy in known["remedies"]]
    stage.check(f"{commit[:7]} is remembered without the Dragon", commit in named, named)
    return known
