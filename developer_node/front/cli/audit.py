"""`audit`: who was let in, refused or put out, and whether all of it is still written."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from developer_node.front.cli.refusal import DONE, NO
from developer_node.front.cli.words import JSON, home, print_json

SINCE = Annotated[str, typer.Option(metavar="WHEN", help="Only what is newer: 90m, 24h, 7d.")]


def group() -> typer.Typer:
    """`postdevai audit [COMMAND]`."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback(invoke_without_command=True)(audit)
    app.command("verify")(verify)
    return app


def audit(context: typer.Context, since: SINCE = "", json: JSON = False) -> None:
    """Show who was let in, refused or put out; or check the log."""
    if context.invoked_subcommand is not None:
        return
    from common.clock import SystemClock
    from developer_node.front import audit as log
    from developer_node.front import output_audit
    from developer_node.front.output_page import Page, line

    since_ms = SystemClock().now_ms() - _length_ms(since) if since else 0
    found = asyncio.run(log.read(home(), since_ms))
    if json:
        print_json(output_audit.lines_json(found))
    else:
        Page().show(*(output_audit.lines(found) if found else [line("Nothing was written down.")]))


def verify(json: JSON = False) -> None:
    """Look whether every line is there as it was written; the first that is not is named."""
    from developer_node.front import audit as log
    from developer_node.front import output_audit
    from developer_node.front.output_page import Page

    found = asyncio.run(log.verify(home()))
    if json:
        print_json(output_audit.check_json(found))
    else:
        Page().show(*output_audit.check(found))
    raise typer.Exit(DONE if found.is_whole else NO)


def _length_ms(text: str) -> int:
    units = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
    digits, unit = text[:-1], text[-1:]
    if unit not in units or not digits.isdecimal():
        raise typer.BadParameter(f"{text!r} is no length of time; say 90m, 24h or 7d")
    return int(digits) * units[unit]
