"""`history_search` and `output_get`: what was recorded, and what a command printed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from common.errors import Invalid, Missing
from common.model.event import ActDone, CommandFinished, Event, Output, ProofFinished
from common.model.ids import EventId
from common.model.lake import HistoryQuery
from developer_node.front import output_json
from developer_node.front.history_rows import read_rows
from developer_node.front.local_client import LocalClient
from developer_node.front.mcp import schema
from developer_node.front.mcp.paged import TextPage, last_page, page
from developer_node.front.mcp.schema import COUNT, TEXT, many, maybe, record
from developer_node.front.mcp.standing import known_now
from developer_node.front.mcp.told import Told
from developer_node.front.mcp.tool import Arguments, Desk, Offer
from developer_node.front.output_events import events, newest_first, one_line
from developer_node.front.output_json import Json
from developer_node.front.output_page import Line, line
from developer_node.front.output_words import iso
from developer_node.front.since import bound_ms

Kind = Literal["", "command", "file", "git", "editor", "working_copy", "proof", "act"]


class HistorySearch(Arguments):
    """What `history_search` takes."""

    text: str = Field(
        "", description="Words that a command, its output or a commit's message must contain."
    )
    kind: Kind = Field("", description="Only this kind of event.")
    project: str = Field("", description="Only this project, by name.")
    working_copy: str = Field("", description="Only this working copy: its absolute path.")
    since: str = Field("", description="Not before: 2h, 3d, 21:40, yesterday, 2026-03-01.")
    until: str = Field("", description="Before then, written the same way.")
    like: str = Field("", description="Id of an event: those most like it come first.")
    limit: int = Field(20, ge=1, le=200, description="Events at most.")


class OutputGet(Arguments):
    """What `output_get` takes."""

    event: str = Field(description="Id of a recorded command, as history_search tells it.")
    from_line: int = Field(0, ge=0, description="First line, from 1; 0 for the last lines.")
    lines: int = Field(200, ge=1, le=2_000, description="Lines at most.")


async def history_search(desk: Desk, asked: HistorySearch) -> Told:
    """The events that match, newest first."""
    query = HistoryQuery(
        limit=asked.limit,
        kind=asked.kind,
        since_ms=bound_ms(asked.since),
        until_ms=bound_ms(asked.until),
        project=asked.project,
        text=asked.text,
        like=EventId(asked.like),
        working_copy=asked.working_copy,
    )
    found = await desk.daemon.call(lambda client: read_rows(client, query))
    if not asked.like:
        found = newest_first(found)
    data = output_json.history(found)
    del data["freshness"]
    shown = events(found, watching=asked.kind == "working_copy", ids=True)[:-1]
    return Told(shown, data, found.freshness)


async def output_get(desk: Desk, asked: OutputGet) -> Told:
    """A page of what a command printed."""

    async def use(client: LocalClient) -> Told:
        event, project = await client.event(EventId(asked.event.strip()))
        command, printed = _printed(event)
        if not asked.from_line:
            cut = last_page(printed.text, asked.lines)
        else:
            cut = page(printed.text, asked.from_line, asked.lines)
            if asked.from_line > max(1, cut.total):
                raise Missing(
                    f"The output has {cut.total} lines; line {asked.from_line} is not among them."
                )
        data = _json(event, project, command, printed, cut)
        return Told(_lines(command, printed, cut), data, await known_now(client))

    return await desk.daemon.call(use)


def _printed(event: Event) -> tuple[str, Output]:
    """The command, and what it printed; Invalid when the event has printed nothing ever."""
    match event.body:
        case (
            CommandFinished(command=command, output=output)
            | ProofFinished(command=command, output=output)
            | ActDone(command=command, output=output)
        ):
            return command, output
        case _:
            raise Invalid(
                f"{event.id} is no command.",
                field="event",
                hint="history_search with kind command tells the ids of commands.",
            )


def _lines(command: str, printed: Output, cut: TextPage) -> list[Line]:
    head = f"$ {one_line(command)}"
    if not cut.total:
        return [line(head), line("It printed nothing, or nothing is kept of it.")]
    which = f"Lines {cut.first}-{cut.last} of {cut.total}"
    if printed.bytes_dropped:
        which += f"; {printed.bytes_dropped:,} of {printed.bytes_total:,} bytes are not kept"
    more = f"; the next page: from_line {cut.following}" if cut.following else ""
    return [line(head), line(f"{which}{more}"), *(line(each) for each in cut.lines)]


def _json(event: Event, project: str, command: str, printed: Output, cut: TextPage) -> Json:
    return {
        "event": event.id,
        "at": iso(event.at_ms),
        "project": project or None,
        "command": command,
        "exit_code": output_json.event(event, project)["exit_code"],
        "text": "\n".join(cut.lines),
        "first_line": cut.first,
        "last_line": cut.last,
        "lines_total": cut.total,
        "next_line": cut.following,
        "bytes_total": printed.bytes_total,
        "bytes_dropped": printed.bytes_dropped,
    }


_EVENT = record(
    id=TEXT,
    at=maybe(TEXT),
    kind=TEXT,
    project=maybe(TEXT),
    command=maybe(TEXT),
    cwd=maybe(TEXT),
    exit_code=maybe(COUNT),
    path=maybe(TEXT),
    operation=maybe(TEXT),
    message=maybe(TEXT),
    excerpt=maybe(TEXT),
)

OFFERS = (
    Offer(
        "history_search",
        "Search the history",
        "What happened on this developer's machines: commands with exit codes, saved files, git"
        " operations, proofs. Newest first, by words, kind, project and time. Imported shell"
        " history is only found by words.",
        HistorySearch,
        schema.answer(events=many(_EVENT)),
        history_search,
    ),
    Offer(
        "output_get",
        "Get a command's output",
        "What a recorded command printed, by the id of its event, page by page. Secrets were taken"
        " out before it was kept. Without from_line: the end of it.",
        OutputGet,
        schema.answer(
            event=TEXT,
            at=maybe(TEXT),
            project=maybe(TEXT),
            command=TEXT,
            exit_code=maybe(COUNT),
            text=TEXT,
            first_line=COUNT,
            last_line=COUNT,
            lines_total=COUNT,
            next_line=maybe(COUNT),
            bytes_total=COUNT,
            bytes_dropped=COUNT,
        ),
        output_get,
    ),
)
