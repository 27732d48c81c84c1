"""`bench`: how fast this machine's own mesh answers, and what each figure means."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from developer_node.front.cli.refusal import DONE, NO, with_client
from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from developer_node.front.local_client import LocalClient
    from developer_node.front.measuring import Figure
    from developer_node.front.output_page import Line


def bench(json: JSON = False) -> None:
    """Measure how fast this mesh answers, in under a minute; nothing that is kept changes."""
    from developer_node.front.measuring import measure
    from developer_node.front.output_page import Page
    from developer_node.front.output_progress import steps

    async def use(client: LocalClient) -> int:
        page = Page(sys.stderr) if json else Page()
        found: list[Figure] = []
        with steps(page, "measuring") as bar:
            async for figure in measure(client, bar.now):
                found.append(figure)
                if not json:
                    page.show(_line(figure))
        if json:
            print_json(as_json(found))
        return DONE if any(figure.median is not None for figure in found) else NO

    raise typer.Exit(with_client(use, home()))


def as_json(found: list[Figure]) -> dict[str, object]:
    """`bench --json`."""
    return {
        "figures": [
            {
                "name": each.name,
                "means": each.means,
                "unit": each.unit,
                "median": None if each.median is None else round(each.median, 2),
                "worst": None if each.worst is None else round(each.worst, 2),
                "times": each.times,
                "why_not": each.why_not or None,
            }
            for each in found
        ]
    }


def _line(figure: Figure) -> Line:
    from developer_node.front.output_page import Span, line

    if figure.median is None:
        said = Span(f"not measured: {figure.why_not}", "yellow")
    elif figure.unit == "ms":
        said = Span(f"{figure.median:.1f} ms, at worst {figure.worst:.1f} ms of {figure.times}")
    else:
        said = Span(f"{figure.median:.1f} a second")
    return line(Span(f"{figure.name:<10}", "bold"), said, Span(f"  {figure.means}", "dim"))
