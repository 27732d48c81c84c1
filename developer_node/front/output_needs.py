"""What needs the person: everything that does not mend itself, each with what to type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from common.model.laptop import Circuit, LaptopStatus
from common.model.llm import Model
from common.short_ids import SHORT
from developer_node.front.output_nodes import with_models, wrong
from developer_node.front.output_page import Line, Span, line
from developer_node.front.output_words import clock, count, size

PUT_OUT = "This laptop was put out of its mesh."
JOIN_ANEW = (
    "If that was a mistake: postdevai down, then postdevai recover --leave, then postdevai join "
    "CODE, with a code of its owner"
)


def needs(now: LaptopStatus, paused: str = "") -> list[Line]:
    """A line for each, or one that says that there is none."""
    said = list(_needs(now, paused))
    if not said:
        return [line(Span("Nothing needs you.", "green"))]
    return [line(Span("This needs you:", "bold")), *(line("  ", each) for each in said)]


def _needs(now: LaptopStatus, paused: str) -> Iterator[Span]:
    if paused:
        yield Span(paused, "yellow")
    if now.put_out:
        yield Span(f"{PUT_OUT} {JOIN_ANEW}", "yellow")
    elif now.coordinator_unavailable or now.dragon_unavailable:
        yield Span("Start what is away: postdevai up. Why it is: postdevai doctor", "yellow")
    for node in now.nodes:
        for said in wrong(node, now.nodes):
            yield Span(f"{node.role.capitalize()} {node.id[:SHORT]}: {said}", "yellow")
    if not now.put_out:
        yield from _circuits(now.circuits)
    yield from _outbox(now)
    yield from _lake(now)
    for watched in now.repositories:
        if watched.state not in ("watching", "scanning"):
            yield Span(f"{watched.path}: {watched.state}", "yellow")
    if not now.repositories:
        yield Span("Nothing is watched yet; type: postdevai watch DIR", "yellow")
    lacking = bool(now.models) and all(each.state in ("missing", "failed") for each in now.models)
    if lacking and not with_models(now.nodes):
        yield Span(f"No model is here; type: {pulling(now.models)}", "yellow")


PULLED_MAX = 2
"""Models that one line can be typed for: the two small ones that a start brings."""


def pulling(absent: Sequence[Model]) -> str:
    """What brings these; of a larger catalogue the person chooses."""
    if not 0 < len(absent) <= PULLED_MAX:
        return "postdevai models pull NAME, with a name that postdevai models shows"
    return " && ".join(f"postdevai models pull {each.name}" for each in absent)


def _circuits(circuits: tuple[Circuit, ...]) -> Iterator[Span]:
    for each in circuits:
        if each.state == "closed" or not each.failures:
            continue  # without a failure: the Coordinator, and that it is away is said already
        then = f"; the next try is at {clock(each.retry_at_ms)}" if each.retry_at_ms else ""
        if each.state == "trying":
            then = "; it is being tried again now"
        why = f": {each.sentence}" if each.sentence else ""
        failed = f"{count(each.failures, 'call')} in a row failed{why}"
        yield Span(f"The {each.name} service is not asked, {failed}{then}", "yellow")


def _outbox(now: LaptopStatus) -> Iterator[Span]:
    waits = now.outbox
    if waits.refused:
        said = f"{count(waits.refused, 'record')} refused by the Dragon; kept here. Why: "
        yield Span(f"{said}postdevai doctor", "red")
    if waits.gaps:
        yield Span(f"{count(waits.gaps, 'record')} lost before they arrived", "red")
    if waits.bodies_dropped:
        dropped = f"{count(waits.bodies_dropped, 'output')} dropped at {size(waits.bytes_max)}"
        yield Span(f"{dropped}; the facts are kept", "yellow")
    if waits.sentence:
        yield Span(waits.sentence, "red")
    if waits.refusal:
        yield Span(f"Nothing is lost, and nothing is sent: {waits.refusal}", "red")


def _lake(now: LaptopStatus) -> Iterator[Span]:
    stats = now.lake
    if stats is None:
        return
    if not stats.ram:
        why = f", because {stats.why}" if stats.why else ""
        yield Span(f"The lake is NOT RAM: it lies at {stats.path}{why}", "bold red")
    if stats.refuse_bytes and stats.bytes >= stats.refuse_bytes:
        full = f"The lake is full ({size(stats.bytes)} of {size(stats.budget_bytes)})"
        yield Span(f"{full}; what takes the room: postdevai lake", "red")
