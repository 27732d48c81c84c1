"""`ask`, `search` and `open`: questions about code."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from common.errors import Invalid
from developer_node.front.cli.refusal import DONE, NO, with_client
from developer_node.front.cli.words import JSON, PROJECT, home, print_json

if TYPE_CHECKING:
    from developer_node.front.local_client import LocalClient


Kind = Literal["code", "event", "failure"]


def ask(
    question: Annotated[list[str], typer.Argument(metavar="QUESTION", help="In your own words.")],
    project: PROJECT = "",
    max_tokens: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=4096, help="Tokens at most; 256 if not named."),
    ] = None,
    model: Annotated[
        str, typer.Option(metavar="MODEL", help="Who answers; the Dragon chooses if not named.")
    ] = "",
    prose: Annotated[bool, typer.Option("--prose", help="Unfold a demonstration model.")] = False,
    json: JSON = False,
) -> None:
    """Answer a question from the code, with citations that open."""
    from common.model.answer import AskRequest
    from developer_node.front import asking

    asked = _words(question, 'There is no question. Type: postdevai ask "where is ..."')
    request = AskRequest(asked.strip(), project, max_tokens or 0, model)

    async def use(client: LocalClient) -> int:
        parts = client.ask(request)
        if json:
            passages, end = await asking.gather(parts)
            print_json(asking.as_json(passages, end))
        else:
            passages, end = await asking.show(parts, cwd=os.getcwd(), unfold=prose)
        return DONE if passages.passages else NO

    raise typer.Exit(with_client(use, home()))


def search(
    query: Annotated[
        list[str], typer.Argument(metavar="QUERY", help="Words, names, or a question.")
    ],
    literal: Annotated[bool, typer.Option("--literal", help="Exactly this text.")] = False,
    regex: Annotated[bool, typer.Option("--regex", help="This regular expression.")] = False,
    k: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, max=1000, help="Hits at most; 10, or 1000 when exact, if not named."
        ),
    ] = None,
    project: PROJECT = "",
    copy: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Only this working copy.")
    ] = None,
    path: Annotated[str, typer.Option(metavar="GLOB", help="Only such paths: src/**/*.py.")] = "",
    language: Annotated[str, typer.Option(metavar="L", help="Only this language: python.")] = "",
    kind: Annotated[Kind | None, typer.Option(help="Only code, events or failures.")] = None,
    since: Annotated[str, typer.Option(metavar="T", help="Changed or happened since.")] = "",
    until: Annotated[str, typer.Option(metavar="T", help="Changed or happened before.")] = "",
    json: JSON = False,
) -> None:
    """Find places in the code, by meaning and words or exactly."""
    from common.model.lake import SearchMode, SearchQuery
    from developer_node.front import output_answer, output_json
    from developer_node.front.output_page import Page
    from developer_node.front.since import bound_ms

    if literal and regex:
        raise Invalid("--literal and --regex exclude each other.", field="mode")
    mode: SearchMode = "literal" if literal else "regex" if regex else "fused"
    exact = literal or regex
    words = _words(query, "There is nothing to search for. Type: postdevai search WORDS")
    asked = SearchQuery(
        words,
        mode,
        k or (1000 if exact else 10),
        project,
        os.path.abspath(copy.expanduser()) if copy else "",
        path,
        language,
        kind or "",
        bound_ms(since),
        bound_ms(until),
    )

    async def use(client: LocalClient) -> int:
        result = await client.search(asked)
        if json:
            print_json(output_json.search(result))
        else:
            page = Page()
            if exact and not page.terminal:  # a pipe gets lines as grep prints them, no others
                Page(sys.stderr).show(*output_answer.label(result.freshness))
            page.show(
                *output_answer.found(result, cwd=os.getcwd(), exact=exact, terminal=page.terminal)
            )
        return DONE if result.hits else NO

    raise typer.Exit(with_client(use, home()))


def _words(given: list[str], otherwise: str) -> str:
    """As one text; wrong usage when it is blank."""
    text = " ".join(given)
    if not text.strip():
        raise Invalid(otherwise, field="text")
    return text


def open_blob(
    blob: Annotated[
        str, typer.Argument(metavar="BLOB[:LINES]", help="LINES is LINE or FIRST-LAST.")
    ],
    context: Annotated[int, typer.Option(metavar="N", min=0, max=1000, help="Lines around.")] = 0,
    json: JSON = False,
) -> None:
    """Show cited content as it was when it was indexed."""
    from developer_node.front.output_blob import as_json, shown
    from developer_node.front.output_page import Page
    from developer_node.front.reference import excerpt, read_reference

    meant = read_reference(blob)

    async def use(client: LocalClient) -> int:
        found = excerpt(await client.blob(meant.blob), meant, context)
        if json:
            print_json(as_json(meant, found))
        else:
            page = Page()
            page.show(*shown(meant, found, numbers=page.terminal))
        return DONE

    raise typer.Exit(with_client(use, home()))
