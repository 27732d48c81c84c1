"""The nodes of this machine, stopped and started with the programs of one environment."""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from pathlib import Path

from common.daemon.home import Home
from common.errors import Conflict, Unavailable
from common.model.node import Role
from developer_node.front.service.running_service import service_of
from developer_node.front.service.services import Services
from developer_node.front.up import daemons
from developer_node.front.up.daemons import ORDER
from developer_node.front.upgrade.environment import Environment

START_S = 600
WELL_S = 180.0
LOOK_S = 1.0
BAD = 3
"""From this code on, a finding of the doctor's is more than a remark."""


def running(home: Home) -> tuple[tuple[Role, ...], tuple[Role, ...]]:
    """Which nodes run, and which of them as services."""
    pids = {role: daemons.holder(home, role) for role in ORDER}
    ran: tuple[Role, ...] = tuple(role for role in ORDER if pids[role] is not None)
    return ran, tuple(role for role in ran if service_of(pids[role] or 0))


def stop(home: Home, services: Collection[Role], by: Environment, *, free: bool = False) -> None:
    """None runs when it returns; else Conflict or Unavailable says which one does."""
    if services:
        Services(home).stop(services)
    done = by.run("down", *(("--free",) if free else ()), within_s=START_S)
    if done.returncode:
        raise Unavailable(f"the nodes did not stop: {_last(done.stderr)}")
    left, _ = running(home)
    if left:
        raise Conflict(f"the {left[0]} node still runs", hint="look at: postdevai status")


def start(home: Home, services: Collection[Role], by: Environment) -> None:
    """All that belong here, each as it ran. Unavailable with the reason when one does not serve."""
    Services(home).repoint(by.programs)
    if services:
        Services(home).start(services)
    done = by.run("up", "--detach", within_s=START_S)
    if done.returncode:
        raise Unavailable(_last(done.stderr) or _last(done.stdout) or "`up` did not end well")


def findings(by: Environment) -> dict[str, str]:
    """What that version's doctor finds that is more than a remark: names and sentences."""
    done = by.run("doctor", "--json")
    try:
        said = json.loads(done.stdout)["findings"]
        return {each["name"]: each["sentence"] for each in said if each["code"] >= BAD}
    except (ValueError, KeyError, TypeError):
        return {"doctor": f"the doctor did not answer: {_last(done.stderr)}"}


def not_well(by: Environment, known: Collection[str], *, asks: bool) -> str:
    """Waits until all is well; what is the matter when it does not become so.

    `known` was found before, too, and is not held against the new version. With `asks` it also
    has to answer a search.
    """
    end = time.monotonic() + WELL_S
    while True:
        new = {name: said for name, said in findings(by).items() if name not in known}
        why = next(iter(new.values()), "")
        if not why and asks:
            done = by.run("search", "--json", "--literal", "postdevai")
            why = "" if done.returncode in (0, 1) else f"it does not answer: {_last(done.stderr)}"
        if not why or time.monotonic() > end:
            return why
        time.sleep(LOOK_S)


def _last(text: str) -> str:
    """The sentence of a refusal: the last line that is not a hint."""
    said = [each for each in text.splitlines() if each.strip() and not each.startswith(" ")]
    return said[-1] if said else ""


def lives_here(home: Home, role: Role) -> bool:
    """Whether this HOME has such a node."""
    return (Path(home.root) / role / "identity" / "leaf.pem").is_file()
