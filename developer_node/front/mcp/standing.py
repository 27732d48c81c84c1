"""`freshness`: how much is known now, who can be reached, and what waits."""

from __future__ import annotations

import time

from common.model.answer import Away, Freshness
from common.model.laptop import LaptopStatus
from developer_node.front import output_json
from developer_node.front.local_client import LocalClient
from developer_node.front.mcp import schema
from developer_node.front.mcp.schema import COUNT, TEXT, many, maybe, record
from developer_node.front.mcp.told import Told
from developer_node.front.mcp.tool import Arguments, Desk, Offer
from developer_node.front.output_page import Line, line
from developer_node.front.output_story import repository_state
from developer_node.front.output_words import ago, count


class FreshnessAsked(Arguments):
    """What `freshness` takes: nothing."""


async def known_now(client: LocalClient) -> Freshness:
    """For what carries no freshness of its own, such as an output."""
    return of_status(await client.status())


def of_status(now: LaptopStatus) -> Freshness:
    """What the Dragon knows; without it that is not known, and the laptop says so."""
    if now.lake is not None:
        return now.lake.freshness
    why = now.dragon_unavailable or "The Dragon cannot be reached"
    return Freshness(not_asked=(why.rstrip("."),), away=_away(now, why))


def _away(now: LaptopStatus, why: str) -> Away:
    as_of = now.near.as_of_ms if now.near else 0
    return Away("mirror", f"The Dragon is away: {why.rstrip('.')}.", as_of, now.outbox.waiting)


async def freshness(desk: Desk, asked: FreshnessAsked) -> Told:
    """How things stand."""
    now = await desk.daemon.call(lambda client: client.status())
    known = of_status(now)
    return Told(_lines(now, known), _json(now), known)


def _lines(now: LaptopStatus, known: Freshness) -> list[Line]:
    dragon = now.dragon_unavailable or "reached" if now.lake is None else "reached"
    lines = [
        line(f"Dragon: {dragon}"),
        line(f"Coordinator: {now.coordinator_unavailable or 'reached'}"),
        line(f"Waiting to be sent: {count(now.outbox.waiting, 'record')}"),
    ]
    if now.near is not None and now.near.as_of_ms:
        when = ago(now.near.as_of_ms, time.time_ns() // 1_000_000)
        lines.append(line(f"Remembered on the laptop itself: as of {when}"))
    copies = {project.copy: project for project in known.projects}
    if not now.repositories:
        lines.append(line("Nothing is watched yet; type: postdevai watch DIR"))
    for each in now.repositories:
        lines.append(line(f"{each.path}: {repository_state(each, copies.get(each.working_copy))}"))
    return lines


def _json(now: LaptopStatus) -> output_json.Json:
    return {
        "dragon_unavailable": now.dragon_unavailable or None,
        "coordinator_unavailable": now.coordinator_unavailable or None,
        "waiting": now.outbox.waiting,
        "repositories": [output_json.repository(each) for each in now.repositories],
    }


OFFERS = (
    Offer(
        "freshness",
        "How fresh is it?",
        "How much is known right now: the commit that each working copy is indexed at, how far"
        " behind that is, whether the Dragon (the large machine with the whole memory) can be"
        " reached, and what waits to be sent to it.",
        FreshnessAsked,
        schema.answer(
            dragon_unavailable=maybe(TEXT),
            coordinator_unavailable=maybe(TEXT),
            waiting=COUNT,
            repositories=many(
                record(
                    path=TEXT,
                    working_copy=maybe(TEXT),
                    files=maybe(COUNT),
                    skipped=COUNT,
                    state=TEXT,
                )
            ),
        ),
        freshness,
    ),
)
