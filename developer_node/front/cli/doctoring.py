"""`doctor`: what is wrong here, in plain sentences, each with what to do next."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import typer

from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from developer_node.front.doctor.finding import Finding


def doctor(json: JSON = False) -> None:
    """Look for what is wrong here, and say what to do about it."""
    found = _found()
    code = max((finding.code for finding in found), default=0)
    if json:
        print_json(as_json(found))
    else:
        _show(found)
    raise typer.Exit(code)


def as_json(found: list[Finding]) -> dict[str, object]:
    """`doctor --json`."""
    return {
        "well": not found,
        "findings": [
            {"name": each.name, "sentence": each.sentence, "next": each.next, "code": each.code}
            for each in found
        ],
    }


def _found() -> list[Finding]:
    from common.errors import PostDevAIError
    from developer_node.front.doctor import examining

    try:
        place = home()
    except PostDevAIError as error:
        return [examining.unusable(error)]
    return examining.examine(asyncio.run(examining.ground_of(place, os.environ)))


def _show(found: list[Finding]) -> None:
    from developer_node.front.doctor.examining import CHECKS
    from developer_node.front.doctor.finding import ATTENTION
    from developer_node.front.output_page import Page, Span, line
    from developer_node.front.output_words import count

    page = Page()
    if not found:
        page.show(line(Span(f"All is well: {count(len(CHECKS), 'check')}.", "green")))
    for finding in found:
        style = "yellow" if finding.code == ATTENTION else "red"
        page.show(line(Span(finding.sentence, style), Span(f"  ({finding.name})", "dim")))
        page.show(line(f"  {finding.next}"))
