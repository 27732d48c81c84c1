"""Nodes, ways to them, and what runs now, as rows and as pages: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from textual.content import Content

from common.model.laptop import Circuit, LaptopStatus, NearStatus
from common.model.node import Node
from common.short_ids import SHORT
from developer_node.front.output_needs import PUT_OUT
from developer_node.front.output_nodes import follows, keeps, wrong
from developer_node.front.output_words import count, percent, size
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.rows import Row
from developer_node.front.tui.standing import KEPT, sign
from developer_node.front.tui.wording import moment

_QUIET = "$foreground-muted"
_COME_BACK = (
    KEPT,
    "If that was a mistake, ask its owner for a code, and type here:",
    "postdevai down",
    "postdevai recover --leave",
    "postdevai join CODE",
)
_CIRCUIT = {
    "closed": ("calls go through", "$text-success"),
    "trying": ("one call is under way to see", "$text-warning"),
    "open": ("calls are held back", "$text-error"),
}


def node_rows(status: LaptopStatus, width: int) -> list[Row]:
    """By role; without the Coordinator nobody can say who is there.

    To a laptop that was put out nobody says it: it is told how it comes back.
    """
    if status.put_out:
        return [
            Row("put-out", Content.styled(f"  {PUT_OUT}", "$text-error"), _NONE),
            *(_said(f"put-out:{place}", each, "") for place, each in enumerate(_COME_BACK)),
        ]
    if status.coordinator_unavailable:
        return [_said("nodes", "Which nodes there are is not known without the Coordinator.")]
    rows: list[Row] = []
    for node in sorted(status.nodes, key=lambda node: (node.role, node.id)):
        rows.append(_node(node, width, own=node.id == status.node))
        said = [(each, _QUIET) for each in (follows(node, status.nodes), keeps(node)) if each]
        said += [(each, "$text-warning") for each in wrong(node, status.nodes)]
        rows += [
            Row(
                f"node:{node.id}:{place}",
                Content.styled(f"    {one_line(each, 200)}", style),
                _NONE,
            )
            for place, (each, style) in enumerate(said)
        ]
    return rows


def node_of(status: LaptopStatus | None, key: str) -> Node | None:
    """Whose row this is, or what is said below it."""
    nodes = status.nodes if status else ()
    return next((node for node in nodes if f"{key}:".startswith(f"node:{node.id}:")), None)


def circuit_rows(status: LaptopStatus, now_ms: int) -> list[Row]:
    """How the calls to each service fare."""
    rows: list[Row] = []
    for circuit in status.circuits:
        said, style = _CIRCUIT[circuit.state]
        if circuit.relayed and circuit.state == "closed":
            said = "the Coordinator carries the calls, sealed"
        left = Content.assemble(f"  {circuit.name:<12} ", (said, style), _again(circuit, now_ms))
        rows.append(Row(f"circuit:{circuit.name}", left, Content(one_line(circuit.sentence, 40))))
    return rows


def work_rows(status: LaptopStatus) -> list[Row]:
    """What runs now beside the tasks, as far as the nodes tell."""
    said = list(_running(status)) or ["Nothing runs now."]
    return [_said(f"work:{place}", line, "") for place, line in enumerate(said)]


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


def node_page(node: Node, known: Sequence[Node], now_ms: int, zone: tzinfo | None) -> list[Content]:
    """Everything that is known of one node."""
    load = node.load
    addresses = dict.fromkeys(filter(None, (node.address, *node.addresses)))
    told = {
        "role": node.role,
        "id": node.id,
        "on": one_line(node.machine) or "not told",
        "address": ", ".join(one_line(each) for each in addresses) or "listens to nobody",
        "state": "put out" if node.put_out else node.state,
        "lease": f"{node.lease_s:.1f} s left" if node.lease_s >= 0 else "has ended",
        "leaf": _until(node.certificate_ends_ms, now_ms, zone),
        "clock": _clock(node),
        "version": one_line(node.version) or "not told",
        "pid": str(node.pid) if node.pid else "not told",
        "gives": ", ".join(node.capabilities) or "nothing to other nodes",
        "cpu": f"{percent(load.cpu)} of a core",
        "memory": size(load.rss_bytes) if load.rss_bytes else "not told",
        "queue": count(load.queue, "request"),
        "machine": _machine(node),
        "as of": moment(now_ms, now_ms, zone),
    }
    lines = [Content.assemble((f"{name:<10} ", _QUIET), value) for name, value in told.items()]
    for each in filter(None, (follows(node, known), keeps(node))):
        lines += [Content(""), Content(one_line(each, 400))]
    for each in wrong(node, known):
        lines += [Content(""), Content.styled(one_line(each, 400), "$text-warning")]
    return lines


def heading(key: str, title: str) -> Row:
    """Stands above its rows."""
    return Row(f"head:{key}", Content.styled(title, "bold"), _NONE)


_NONE = Content("")


def _said(key: str, sentence: str, style: str = _QUIET) -> Row:
    return Row(key, Content.styled(f"  {sentence}", style), _NONE)


def _node(node: Node, width: int, *, own: bool) -> Row:
    gone = node.state == "gone" or node.lease_s < 0 or node.put_out
    light, style = sign("off" if gone else "leaving" if node.state == "draining" else "on")
    where = [one_line(node.machine, 20)] if node.machine else []
    if own:
        where = ["this laptop"]
    elif node.address and (not where or width >= 110):
        where.append(one_line(node.address, 30))
    left = Content.assemble(
        (f"{light} ", style),
        f"{node.role:<12} ",
        (node.id[:SHORT], _QUIET),
        "  ".join(("", *where)),
    )
    load = node.load
    told = ["put out" if node.put_out else node.state if not gone else "gone"]
    if not gone:
        told += [f"lease {max(0.0, node.lease_s):.0f} s", f"cpu {percent(load.cpu)}"]
        told += [size(load.rss_bytes)] if load.rss_bytes else []
    if width >= 110:
        told += [f"v{one_line(node.version, 12)}", f"pid {node.pid}"]
    if width >= 140:
        told = [*node.capabilities, *told]
    return Row(f"node:{node.id}", left, Content.styled("  ".join(told), _QUIET))


def _until(ends_ms: int, now_ms: int, zone: tzinfo | None) -> str:
    if not ends_ms:
        return "not told"
    said = "good until" if ends_ms > now_ms else "has ended,"
    return f"{said} {moment(ends_ms, now_ms, zone)}"


def _clock(node: Node) -> str:
    off_s = abs(node.clock_ahead_ms) / 1_000
    way = "ahead of" if node.clock_ahead_ms > 0 else "behind"
    return "as the Coordinator's" if off_s < 1 else f"{off_s:,.0f} s {way} the Coordinator's"


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
