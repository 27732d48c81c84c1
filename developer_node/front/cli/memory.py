"""`recall` and `history`: what was recorded, and what is remembered about failures."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from common.errors import Invalid
from developer_node.front.cli.refusal import DONE, NO, with_client
from developer_node.front.cli.words import JSON, PROJECT, home, print_json

if TYPE_CHECKING:
    from developer_node.front.local_client import LocalClient

Kind = Literal["command", "file", "git", "editor", "working_copy", "proof", "act"]


def recall(
    text: Annotated[
        list[str] | None,
        typer.Argument(metavar="TEXT", help="What the failure printed; - reads stdin."),
    ] = None,
    last: Annotated[bool, typer.Option("--last", help="The last failure (the default).")] = False,
    fingerprint: Annotated[str, typer.Option(metavar="F", help="A failure's fingerprint.")] = "",
    json: JSON = False,
) -> None:
    """Show what is remembered about a failure, and what mended it."""
    from developer_node.front import output_json
    from developer_node.front.output_answer import label
    from developer_node.front.output_card import card, nothing_failed
    from developer_node.front.output_page import Page

    said = _text(text or [])
    if sum((last, bool(fingerprint), bool(said))) > 1:
        raise Invalid("--last, --fingerprint and a text exclude each other.", field="by")

    async def use(client: LocalClient) -> int:
        by_last = not fingerprint and not said
        known = await client.recall(
            last=by_last, fingerprint=fingerprint, text=said, cwd=os.getcwd()
        )
        if json:
            print_json(output_json.recall(known))
        elif by_last and known.match == "none" and known.failure is None:
            Page().show(*label(known.freshness), *nothing_failed())
        else:
            Page().show(*card(known, _now_ms()))
        return NO if known.match == "none" else DONE

    raise typer.Exit(with_client(use, home()))


def _text(words: list[str]) -> str:
    return sys.stdin.read() if words == ["-"] else " ".join(words)


def history(
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="Events at most.")] = 50,
    kind: Annotated[Kind | None, typer.Option(help="Only this kind.")] = None,
    since: Annotated[str, typer.Option(metavar="T", help="2h, 21:40, yesterday, 2026-03-01.")] = "",
    until: Annotated[str, typer.Option(metavar="T", help="Before then.")] = "",
    text: Annotated[
        str, typer.Option(metavar="WORDS", help="With these words in it, imported too.")
    ] = "",
    like: Annotated[str, typer.Option(metavar="ID", help="Most like this event first.")] = "",
    project: PROJECT = "",
    ids: Annotated[bool, typer.Option("--ids", help="Begin each row with its id.")] = False,
    json: JSON = False,
) -> None:
    """Show what happened, newest first; a program that tells of itself while it runs, once."""
    from common.model.ids import EventId
    from common.model.lake import HistoryQuery
    from developer_node.front import output_json
    from developer_node.front.history_rows import read_rows
    from developer_node.front.output_events import events, newest_first
    from developer_node.front.output_page import Page
    from developer_node.front.since import bound_ms

    asked = HistoryQuery(
        limit=limit,
        kind=kind or "",
        since_ms=bound_ms(since),
        project=project,
        until_ms=bound_ms(until),
        text=text,
        like=EventId(like),
    )

    async def use(client: LocalClient) -> int:
        page = await (client.history(asked) if json else read_rows(client, asked))
        page = page if like else newest_first(page)
        if json:
            print_json(output_json.history(page))
        else:
            Page().show(*events(page, watching=kind == "working_copy", ids=ids))
        return DONE if page.entries else NO

    raise typer.Exit(with_client(use, home()))


def _now_ms() -> int:
    from common.clock import SystemClock

    return SystemClock().now_ms()
