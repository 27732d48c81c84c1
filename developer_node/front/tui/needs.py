"""What needs the person now, most pressing first, and the view where it is dealt with: pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo

from common.model.laptop import LaptopStatus, OutboxStatus
from common.model.task import TaskPage
from common.short_ids import SHORT
from developer_node.front.output_nodes import wrong
from developer_node.front.output_words import count, size
from developer_node.front.tui.notebook import Notebook
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.standing import banner
from developer_node.front.tui.wording import moment

LEASE_SHORT_S = 1.0
"""A lease is renewed every second and lasts three: below this two renewals were missed."""
OUTBOX_FULL = 0.9


@dataclass(frozen=True, slots=True)
class Need:
    """One thing, and where it is dealt with."""

    key: str
    sentence: str
    view: str
    grave: bool = False


def needs(notebook: Notebook, now_ms: int, zone: tzinfo | None) -> tuple[Need, ...]:
    """Grave ones first; empty when nothing needs anybody."""
    if notebook.lost is not None:
        return (Need("lost", one_line(notebook.lost.sentence), "nodes", grave=True),)
    found = list(_found(notebook, now_ms, zone))
    return tuple(sorted(found, key=lambda need: not need.grave))


def _found(notebook: Notebook, now_ms: int, zone: tzinfo | None) -> Iterator[Need]:
    status = notebook.status
    if notebook.unseen:
        came_back = count(len(notebook.unseen), "failure")
        yield Need("cards", f"{came_back} came back that you have not looked at", "failures")
    paused = one_line(notebook.paused)
    if paused:
        yield Need("paused", paused, "timeline")
    standing = banner(notebook)
    if standing is not None and not (paused and paused in standing.sentence):
        said = f"{standing.sentence}{_since(status, now_ms, zone)}"
        yield Need("away", said, "nodes", grave=standing.grave)
    if status is None:
        return
    away = bool(status.dragon_unavailable) and not status.put_out
    yield from _of_outbox(status.outbox, dragon_away=away)
    yield from _of_lake(status)
    yield from _of_models(status)
    yield from _of_mesh(status)
    yield from _of_tasks(notebook.tasks)
    for repository in status.repositories:
        if repository.state not in ("scanning", "watching"):
            said = f"{one_line(repository.path, 60)}: {one_line(repository.state)}"
            yield Need(f"repository:{repository.path}", said, "context")


def _since(status: LaptopStatus | None, now_ms: int, zone: tzinfo | None) -> str:
    near = status.near if status else None
    if near is None or not near.away or not near.away_since_ms:
        return ""
    return f" Away since {moment(near.away_since_ms, now_ms, zone)}."


def _of_outbox(outbox: OutboxStatus, *, dragon_away: bool) -> Iterator[Need]:
    if outbox.sentence:
        yield Need("disk", one_line(outbox.sentence), "nodes", grave=True)
    if outbox.refused:
        yield Need("refused", f"{count(outbox.refused, 'record')} refused by the Dragon", "nodes")
    if outbox.gaps:
        yield Need("gaps", f"{count(outbox.gaps, 'record')} missing from what was sent", "nodes")
    if outbox.bytes_max and outbox.bytes >= outbox.bytes_max * OUTBOX_FULL:
        said = f"The outbox is nearly full: {size(outbox.bytes)} of {size(outbox.bytes_max)}"
        yield Need("outbox", f"{said}; outputs go first, facts stay", "nodes", grave=True)
    if outbox.bodies_dropped:
        dropped = count(outbox.bodies_dropped, "output")
        yield Need("dropped", f"{dropped} dropped because the outbox was full", "nodes")
    if outbox.waiting and dragon_away:
        yield Need("waiting", f"{count(outbox.waiting, 'record')} wait for the Dragon", "nodes")


def _of_lake(status: LaptopStatus) -> Iterator[Need]:
    lake = status.lake
    if lake is None:
        return
    if not lake.ram:
        why = f": {one_line(lake.why)}" if lake.why else ""
        yield Need("disk-lake", f"The lake is not in RAM{why}", "lake")
    used = f"{size(lake.bytes)} of {size(lake.budget_bytes)}"
    if lake.refuse_bytes and lake.bytes >= lake.refuse_bytes:
        yield Need("lake", f"The lake is full and takes nothing more: {used}", "lake", grave=True)
    elif lake.evict_bytes and lake.bytes >= lake.evict_bytes:
        yield Need("lake", f"The lake is nearly full, projects go to sleep: {used}", "lake")


def _of_models(status: LaptopStatus) -> Iterator[Need]:
    if status.inference is not None and status.inference.fault:
        yield Need("models", one_line(status.inference.fault), "models", grave=True)
    for model in status.models:
        if model.state == "failed":
            said = f"{one_line(model.name, 60)} failed: {one_line(model.detail or model.reason)}"
            yield Need(f"model:{model.name}", said.rstrip(": "), "models")


def _of_tasks(known: TaskPage | None) -> Iterator[Need]:
    aside = [task for task in known.tasks if task.state == "dead"] if known else []
    if aside:
        why = f": {one_line(aside[0].reason, 200)}" if aside[0].reason else ""
        said = f"{count(len(aside), 'task')} put aside after every attempt failed{why}"
        yield Need("tasks", said, "nodes")


def _of_mesh(status: LaptopStatus) -> Iterator[Need]:
    if status.put_out:
        return  # whoever is there, it is not for this laptop to know
    for node in (each for each in status.nodes if not each.put_out):
        if node.state == "gone" or node.lease_s < 0:
            yield Need(f"node:{node.id}", f"The {node.role} node is gone", "nodes")
        elif node.lease_s < LEASE_SHORT_S:
            yield Need(f"node:{node.id}", f"The {node.role} node has missed its beats", "nodes")
        for place, each in enumerate(wrong(node, status.nodes)):
            said = f"{node.role.capitalize()} {node.id[:SHORT]}: {one_line(each, 300)}"
            yield Need(f"wrong:{node.id}:{place}", said, "nodes")
    for circuit in status.circuits:
        if circuit.state == "open":
            why = f": {one_line(circuit.sentence)}" if circuit.sentence else ""
            said = f"Calls to {circuit.name} are held back{why}"
            yield Need(f"circuit:{circuit.name}", said, "nodes")
    if status.near is not None and status.near.sentence:
        yield Need("near", one_line(status.near.sentence), "nodes")
