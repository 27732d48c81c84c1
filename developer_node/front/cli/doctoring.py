"""`doctor`: what is wrong here, in plain sentences, each with what to do next."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import Invalid
from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from developer_node.front.doctor.finding import Finding


def doctor(
    json: JSON = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what is safe to mend, then look again.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before mending.")] = False,
) -> None:
    """Look for what is wrong here, and say what to do about it."""
    if fix:
        _mend(asked=not yes, quiet=json)
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


def _mend(*, asked: bool, quiet: bool) -> None:
    """Says what can be mended, asks, does it; what could not be done is found again after it."""
    from developer_node.front.doctor import examining, mending
    from developer_node.front.output_page import Page, line

    ground = asyncio.run(examining.ground_of(home(), os.environ))
    planned = mending.mends(ground, examining.examine(ground))
    page = Page(sys.stderr if quiet else None)
    if not planned:
        page.show(line("There is nothing that could be mended by itself."))
        return
    if asked:
        if not sys.stdin.isatty():
            raise Invalid("nobody is here to be asked", field="yes", hint="add --yes")
        page.show(*(line(f"  {each.sentence}") for each in planned))
        if not typer.confirm("Do so?", err=quiet):
            return
    for each in planned:
        try:
            each.do()
        except OSError as error:
            page.show(line(f"Not done: {each.sentence} ({error.strerror})"))
        else:
            page.show(line(each.sentence))


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
