"""Nodes, ways to them, and what runs now, as rows and as pages: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from textual.content import Content

from common.model.laptop import Circuit, LaptopStatus, NearStatus
from common.model.node import Node
from developer_node.front.output_words import count, percent, size
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.rows import Row
from developer_node.front.tui.standing import sign
from developer_node.front.tui.wording import moment

NO_TASKS = "There is no list of tasks in the mesh yet; what runs now is read off the nodes."
_QUIET = "$foreground-muted"
_CIRCUIT = {
    "closed": ("calls go through", "$text-success"),
    "trying": ("one call is under way to see", "$text-warning"),
    "open": ("calls are held back", "$text-error"),
}


def node_rows(status: LaptopStatus, width: int) -> list[Row]:
    """By role; without the Coordinator nobody can say who is there."""
    if status.coordinator_unavailable:
        return [_said("nodes", "Which nodes there are is not known without the Coordinator.")]
    nodes = sorted(status.nodes, key=lambda node: (node.role, node.id))
    return [_node(node, width) for node in nodes]


def circuit_rows(status: LaptopStatus, now_ms: int) -> list[Row]:
    """How the calls to each service fare."""
    rows: list[Row] = []
    for circuit in status.circuits:
        said, style = _CIRCUIT[circuit.state]
        left = Content.assemble(f"  {circuit.name:<12} ", (said, style), _again(circuit, now_ms))
        rows.append(Row(f"circuit:{circuit.name}", left, Content(one_line(circuit.sentence, 40))))
    return rows


def task_rows(status: LaptopStatus) -> list[Row]:
    """What runs now, as far as the nodes tell."""
    said = list(_running(status)) or ["Nothing runs now."]
    rows = [_said(f"task:{place}", line, "") for place, line in enumerate(said)]
    return [*rows, _said("no-tasks", NO_TASKS)]


def laptop_rows(status: LaptopStatus, now_ms: int, zone: tzinfo | None) -> list[Row]:
    """What this laptop keeps: what waits to be sent, and its memory for when it is alone."""
    outbox = status.outbox
    waits = f"{count(outbox.waiting, 'record')} waiting, {size(outbox.bytes)}"
    amounts = [
        f"{number:,} {what}"
        for number, what in (
            (outbox.refused, "refused"),
            (outbox.gaps, "missing"),
            (outbox.spooled, "kept while the node was down"),
            (outbox.bodies_dropped, "outputs dropped"),
        )
        if number
    ]
    rows = [_said("outbox", ", ".join(("outbox: " + waits, *amounts)), "")]
    if outbox.sentence:
        rows.append(
            Row("disk", Content.styled(f"  {one_line(outbox.sentence)}", "$text-error"), _NONE)
        )
    if status.near is not None:
        rows.append(_said("near", _near(status.near, now_ms, zone), ""))
    return rows


def node_page(node: Node, now_ms: int, zone: tzinfo | None) -> list[Content]:
    """Everything that is known of one node."""
    load = node.load
    told = {
        "role": node.role,
        "id": node.id,
        "address": one_line(node.address) or "listens to nobody",
        "state": node.state,
        "lease": f"{node.lease_s:.1f} s left" if node.lease_s >= 0 else "has ended",
        "version": one_line(node.version) or "not told",
        "pid": str(node.pid) if node.pid else "not told",
        "gives": ", ".join(node.capabilities) or "nothing to other nodes",
        "cpu": f"{percent(load.cpu)} of a core",
        "memory": size(load.rss_bytes) if load.rss_bytes else "not told",
        "queue": count(load.queue, "request"),
        "machine": _machine(node),
        "as of": moment(now_ms, now_ms, zone),
    }
    return [Content.assemble((f"{name:<10} ", _QUIET), value) for name, value in told.items()]


def heading(key: str, title: str) -> Row:
    """Stands above its rows."""
    return Row(f"head:{key}", Content.styled(title, "bold"), _NONE)


_NONE = Content("")


def _said(key: str, sentence: str, style: str = _QUIET) -> Row:
    return Row(key, Content.styled(f"  {sentence}", style), _NONE)


def _node(node: Node, width: int) -> Row:
    gone = node.state == "gone" or node.lease_s < 0
    light, style = sign("off" if gone else "leaving" if node.state == "draining" else "on")
    address = f"  {one_line(node.address, 30)}" if node.address else ""
    left = Content.assemble(
        (f"{light} ", style), f"{node.role:<12} ", (node.id[:8], _QUIET), address
    )
    load = node.load
    told = [node.state if not gone else "gone"]
    if not gone:
        told += [f"lease {max(0.0, node.lease_s):.0f} s", f"cpu {percent(load.cpu)}"]
        told += [size(load.rss_bytes)] if load.rss_bytes else []
    if width >= 110:
        told += [f"v{one_line(node.version, 12)}", f"pid {node.pid}"]
    if width >= 140:
        told = [*node.capabilities, *told]
    return Row(f"node:{node.id}", left, Content.styled("  ".join(told), _QUIET))


def _machine(node: Node) -> str:
    load = node.load
    if not load.machine_memory_bytes_max:
        return "not told"
    used = f"{size(load.machine_memory_bytes)} of {size(load.machine_memory_bytes_max)}"
    return f"{percent(load.machine_cpu)} of its processors, {used} of memory"


def _again(circuit: Circuit, now_ms: int) -> str:
    left_s = (circuit.retry_at_ms - now_ms) / 1_000
    if circuit.state != "open" or left_s <= 0:
        return ""
    return f", {count(circuit.failures, 'failure')} in a row, tried again in {left_s:.0f} s"


def _near(near: NearStatus, now_ms: int, zone: tzinfo | None) -> str:
    if not near.as_of_ms:
        return "own memory: empty until the Dragon was there once"
    kept = f"{count(near.symptoms, 'failure')} and {count(near.events, 'event')}"
    said = f"own memory: {kept}, {size(near.bytes)}, as of {moment(near.as_of_ms, now_ms, zone)}"
    waiting = near.verdicts_waiting
    return f"{said}; {count(waiting, 'verdict')} waiting" if waiting else said


def _running(status: LaptopStatus) -> Iterator[str]:
    stats = status.inference
    if stats is not None and (stats.running or stats.waiting):
        speed = f", {stats.tokens_per_s:.0f} tokens/s" if stats.tokens_per_s else ""
        yield f"models: {count(stats.running, 'request')} at work, {stats.waiting} waiting{speed}"
    if stats is not None and stats.embedding_waiting:
        yield f"embedding: {count(stats.embedding_waiting, 'piece')} waiting"
    yield from _moving(status)
    for repository in status.repositories:
        if repository.state == "scanning":
            yield f"scan: {one_line(repository.path, 60)}"
    if status.outbox.waiting and not status.dragon_unavailable:
        yield f"sending: {count(status.outbox.waiting, 'record')}"


def _moving(status: LaptopStatus) -> Sequence[str]:
    return [
        f"{model.state}: {one_line(model.name, 50)}, {percent(model.progress)}"
        for model in status.models
        if model.state in ("arriving", "loading")
    ]
