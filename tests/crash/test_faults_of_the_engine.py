"""Servers of the engine die, stand still and are cut off, one or two of three, under writes from
the machine of each: a minority acknowledges nothing, and nothing acknowledged is lost.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from tests.support.machines import allowed
from tests.support.nats_machines import NAMES, NatsMachines, nats_machines

pytestmark = pytest.mark.skipif(not allowed(), reason="network namespaces cannot be made here")

How = Literal["killed", "stopped", "cut"]
SOME_S = (0.5, 3.0, 8.0)
"""Below and above what an election takes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One round. `whom`: how many of those that follow, and whether the leader too."""

    how: How
    leader: bool
    others: int
    seconds: float


FIRST = (Fault("cut", True, 0, 3.0), Fault("stopped", False, 2, 1.0))
"""Those of the default run: the leader on an island, then no majority."""


def _fault(dice: random.Random) -> Fault:
    how: How = dice.choice(("killed", "stopped", "cut"))
    leader, others = dice.choice(((True, 0), (False, 1), (True, 1), (False, 2)))
    return Fault(how, leader, others, dice.choice(SOME_S))


@pytest.mark.timeout(900)
def test_two_faults_of_servers_lose_nothing_and_a_minority_acknowledges_nothing(
    tmp_path: Path,
) -> None:
    _rounds(tmp_path, list(FIRST), random.Random(21))


@pytest.mark.crash
@pytest.mark.timeout(3600)
def test_thirty_faults_of_servers_lose_nothing_and_a_minority_acknowledges_nothing(
    tmp_path: Path,
) -> None:
    dice = random.Random(22)
    _rounds(tmp_path, [_fault(dice) for _ in range(30)], dice)


def _rounds(root: Path, faults: list[Fault], dice: random.Random) -> None:
    with nats_machines(root) as machines:
        machines.wait_until_whole()
        for number, fault in enumerate(faults, 1):
            leader = next((name for name, leads in machines.cluster().items() if leads), NAMES[0])
            others = dice.sample([name for name in NAMES if name != leader], fault.others)
            whom = [*([leader] if fault.leader else []), *others]
            began = time.monotonic()
            with _befallen(machines, fault.how, whom):
                time.sleep(fault.seconds)
            machines.wait_until_whole()
            print(f"{number}: {fault} {whom}; {time.monotonic() - began:.1f} s", flush=True)
        wrong = machines.wrong()
        said = len(machines.said())
    assert not wrong, wrong
    assert said > len(faults)
    print(f"{said} acknowledged")


@contextmanager
def _befallen(machines: NatsMachines, how: How, whom: list[str]) -> Generator[None]:
    if how == "cut":
        machines.lan.part(whom)
    for name in whom if how != "cut" else ():
        machines.send(name, signal.SIGKILL if how == "killed" else signal.SIGSTOP)
    try:
        yield
    finally:
        if how == "cut":
            machines.lan.unite(whom)
        for name in whom if how != "cut" else ():
            if how == "killed":
                machines.start(name)
            else:
                machines.send(name, signal.SIGCONT)
