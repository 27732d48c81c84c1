"""What can be read without a tool: failures with what is remembered, and files as indexed."""

from __future__ import annotations

from typing import Any

from mcp_types import Resource, ResourceTemplate, TextResourceContents

from common.errors import Missing
from common.model.event import CommandFinished
from common.model.lake import HistoryEntry, HistoryQuery
from developer_node.front.local_client import LocalClient
from developer_node.front.mcp import failures
from developer_node.front.mcp.places import (
    BLOB_TEMPLATE,
    FAILURE_TEMPLATE,
    Place,
    failure_uri,
    read_uri,
)
from developer_node.front.mcp.told import label, words
from developer_node.front.output_events import one_line
from developer_node.front.output_words import iso
from developer_node.front.reference import excerpt

COMMANDS_MAX = 200
"""Recorded commands among which failures are looked for."""
LISTED_MAX = 50
TITLE_CHARACTERS_MAX = 120
TEXT = "text/plain"

TEMPLATES = (
    ResourceTemplate(
        name="failure",
        title="A failure",
        uri_template=FAILURE_TEMPLATE,
        description="What is remembered about a failure, and the change that mended it.",
        mime_type=TEXT,
    ),
    ResourceTemplate(
        name="blob",
        title="A file as it was indexed",
        uri_template=BLOB_TEMPLATE,
        description="Content that a search or an answer cites, for ever as it was then."
        " lines is FIRST-LAST.",
        mime_type=TEXT,
    ),
)


async def listed(client: LocalClient) -> list[Resource]:
    """The failures of the last commands, newest first, each once."""
    page = await client.history(HistoryQuery(limit=COMMANDS_MAX, kind="command"))
    found: dict[str, Resource] = {}
    for entry in page.entries:
        for resource in _failures(entry):
            found.setdefault(resource.uri, resource)
    return list(found.values())[:LISTED_MAX]


def _failures(entry: HistoryEntry) -> list[Resource]:
    body = entry.event.body
    if not isinstance(body, CommandFinished):
        return []
    when = iso(entry.event.at_ms) or "at a time not known"
    where = f" in {entry.project}" if entry.project else ""
    return [
        Resource(
            name=failure.fingerprint,
            title=one_line(f"{failure.test or failure.tool}: {failure.message}")[
                :TITLE_CHARACTERS_MAX
            ],
            uri=failure_uri(failure.fingerprint),
            description=f"{one_line(body.command)[:TITLE_CHARACTERS_MAX]}, {when}{where}",
            mime_type=TEXT,
        )
        for failure in body.failures
        if failure.fingerprint
    ]


async def read(client: LocalClient, uri: str) -> TextResourceContents:
    """Invalid when it is no address, Missing when nothing is there."""
    place = read_uri(uri)
    match place.kind:
        case "failure":
            return await _failure(client, place, uri)
        case "blob":
            return await _blob(client, place, uri)


async def _failure(client: LocalClient, place: Place, uri: str) -> TextResourceContents:
    known = await client.recall(fingerprint=place.name)
    if known.failure is None:
        raise Missing(f"No failure with the fingerprint {place.name} is remembered.")
    told = failures.told(known, last=False)
    return _text(uri, words(told.lines, told.known), label(told.known))


async def _blob(client: LocalClient, place: Place, uri: str) -> TextResourceContents:
    meant = place.reference
    found = excerpt(await client.blob(meant.blob), meant)
    about = {
        "first_line": found.start,
        "last_line": found.start + len(found.lines) - 1,
        "lines_total": found.total,
        "as_indexed": True,
    }
    return _text(uri, "\n".join(found.lines), about)


def _text(uri: str, text: str, about: dict[str, Any]) -> TextResourceContents:
    meta = {f"postdevai/{key}": value for key, value in about.items()}
    return TextResourceContents(uri=uri, mime_type=TEXT, text=text, _meta=meta)
