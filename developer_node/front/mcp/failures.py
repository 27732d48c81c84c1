"""`seen_before` and `why_failed`: what is remembered about a failure, and what mended it."""

from __future__ import annotations

import time
from dataclasses import replace

from pydantic import Field

from common.errors import Invalid, Missing, Unavailable
from common.model.event import CommandFinished, Event
from common.model.failure import Failure, Recollection
from common.model.ids import EventId
from developer_node.front import output_json
from developer_node.front.local_client import LocalClient
from developer_node.front.mcp import schema
from developer_node.front.mcp.paged import tail
from developer_node.front.mcp.places import failure_uri
from developer_node.front.mcp.schema import COUNT, FLAG, RECOLLECTION, TEXT, maybe
from developer_node.front.mcp.standing import known_now
from developer_node.front.mcp.told import Told
from developer_node.front.mcp.tool import Arguments, Desk, Offer
from developer_node.front.output_card import card, nothing_failed
from developer_node.front.output_json import Json
from developer_node.front.output_page import Line, line
from developer_node.front.output_words import ago, count

FAILURES_MAX = 3
"""Of one command, of which what is remembered is told; the others are counted."""
TAIL_LINES = 40
"""Of the output, when a command failed and no tool's failure was recognised in it."""
TEXT_CHARACTERS_MAX = 200_000
"""Of what a failure printed: the end of it is what says why."""


class SeenBefore(Arguments):
    """What `seen_before` takes."""

    text: str = Field("", description="What the failure printed. Empty: the last failure.")
    fingerprint: str = Field("", description="A failure's fingerprint, in the place of a text.")
    cwd: str = Field("", description="Absolute directory that the text was printed in.")


class WhyFailed(Arguments):
    """What `why_failed` takes."""

    event: str = Field("", description="Id of a recorded command. Empty: the last failure.")
    cwd: str = Field("", description="Absolute directory that is being worked in.")


async def seen_before(desk: Desk, asked: SeenBefore) -> Told:
    """The card of one failure."""
    if asked.text and asked.fingerprint:
        raise Invalid("A text and a fingerprint exclude each other.", field="text")
    text, cwd = asked.text[-TEXT_CHARACTERS_MAX:], asked.cwd or desk.cwd
    last = not text and not asked.fingerprint
    known = await desk.daemon.call(
        lambda client: client.recall(last=last, fingerprint=asked.fingerprint, text=text, cwd=cwd)
    )
    return told(known, last=last)


def told(known: Recollection, *, last: bool) -> Told:
    """A card without its line about freshness, which every answer ends with."""
    if last and known.match == "none" and known.failure is None:
        lines = nothing_failed()
    else:
        lines = _card(known)
    return Told(lines, _json(known), known.freshness)


async def why_failed(desk: Desk, asked: WhyFailed) -> Told:
    """The command, what its tools said, and what is remembered about each."""

    async def use(client: LocalClient) -> Told:
        event = asked.event.strip()
        if not event:
            known = await client.recall(last=True, cwd=asked.cwd or desk.cwd)
            if not known.occurrences:
                return replace(told(known, last=True), data=_remembered(known))
            try:
                return await _explained(client, known.occurrences[0].event_id)
            except (Unavailable, Missing):  # the card is known here, the event is not
                return replace(told(known, last=True), data=_remembered(known))
        return await _explained(client, EventId(event))

    return await desk.daemon.call(use)


async def _explained(client: LocalClient, event_id: EventId) -> Told:
    event, project = await client.event(event_id)
    body = event.body
    if not isinstance(body, CommandFinished):
        raise Invalid(
            f"{event_id} is no command.",
            field="event",
            hint="history_search with kind command tells the ids of commands.",
        )
    lines = [*_ran(event, body, project)]
    if not body.failures:
        end = tail(body.output.text, TAIL_LINES)
        failed = any(body.exit_codes)
        lines += [
            line(
                "No tool's failure was recognised in what it printed." if failed else "It passed."
            ),
            *(line(f"    {each}") for each in (end if failed else ())),
        ]
        data = _of_command(event, body, project, []) | {"output_end": "\n".join(end) or None}
        return Told(lines, data, await known_now(client))
    first = await _recalled(client, body.failures[0])
    remembered = [first]
    for failure in body.failures[1:FAILURES_MAX]:
        remembered.append(await _recalled(client, failure))
    for known in remembered:
        lines += [line(), *_card(known)]
    if left := len(body.failures) - len(remembered):
        lines.append(line(f"… and {count(left, 'more failure')}: output_get has all of it."))
    data = _of_command(event, body, project, [_json(known) for known in remembered])
    return Told(lines, data | {"output_end": None}, first.freshness)


async def _recalled(client: LocalClient, failure: Failure) -> Recollection:
    """What is remembered; the failure itself is told even where nothing is."""
    known = await client.recall(fingerprint=failure.fingerprint)
    return known if known.failure is not None else replace(known, failure=failure)


def _ran(event: Event, body: CommandFinished, project: str) -> list[Line]:
    code = body.exit_codes[-1] if body.exit_codes else None
    ended = "still runs" if body.running else f"exit {code}"
    when = ago(event.at_ms, time.time_ns() // 1_000_000)
    where = f"{project}: {body.cwd}" if project else body.cwd
    return [
        line(f"$ {body.command}"),
        line(f"{ended}, {when}, in {where} (event {event.id})"),
    ]


def _card(known: Recollection) -> list[Line]:
    lines = card(known, time.time_ns() // 1_000_000)[:-1]
    return [tuple(replace(span, text=_for_agents(span.text)) for span in each) for each in lines]


def _for_agents(text: str) -> str:
    return text.replace("all of it with --json", "all of it in the structured result")


def _json(known: Recollection) -> Json:
    data = output_json.recall(known)
    del data["freshness"]
    fingerprint = known.failure.fingerprint if known.failure else ""
    return data | {"uri": failure_uri(fingerprint) if fingerprint else None}


def _of_command(event: Event, body: CommandFinished, project: str, known: list[Json]) -> Json:
    return {
        "event": event.id,
        "command": body.command,
        "cwd": body.cwd,
        "project": project or None,
        "exit_code": body.exit_codes[-1] if body.exit_codes else None,
        "running": body.running,
        "failures": known,
        "failures_total": len(body.failures),
    }


def _remembered(known: Recollection) -> Json:
    """Without the event: what is remembered of the failure, and of where it was last seen."""
    last = known.occurrences[0] if known.occurrences else None
    failures = [_json(known)] if known.failure else []
    return {
        "event": last.event_id if last else None,
        "command": (last.command or None) if last else None,
        "cwd": last.cwd if last else None,
        "project": (last.project or None) if last else None,
        "exit_code": None,
        "running": False,
        "failures": failures,
        "failures_total": len(failures),
        "output_end": None,
    }


_KNOWN = RECOLLECTION | {"uri": maybe(TEXT)}

OFFERS = (
    Offer(
        "seen_before",
        "Seen before?",
        "Whether this failure happened before on this developer's machines, and the change that"
        " made it pass: give the error text that a command printed, or nothing for the last"
        " recorded failure. Ask this first when a test, build or command fails. A remedy says how"
        " much is known about it: confirmed (tried again, red without it and green with it),"
        " observed, unproven, ambiguous, rejected. No remedy is ever made up.",
        SeenBefore,
        schema.answer(**_KNOWN),
        seen_before,
    ),
    Offer(
        "why_failed",
        "Why did it fail?",
        "What a recorded command's tools said when it failed (test, message, the frame in your own"
        " code) and what is remembered about each failure. Without an event: the last failure.",
        WhyFailed,
        schema.answer(
            event=maybe(TEXT),
            command=maybe(TEXT),
            cwd=maybe(TEXT),
            project=maybe(TEXT),
            exit_code=maybe(COUNT),
            running=FLAG,
            failures=schema.many(schema.record(**_KNOWN)),
            failures_total=COUNT,
            output_end=maybe(TEXT),
        ),
        why_failed,
    ),
)
