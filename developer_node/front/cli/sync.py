"""`sync`: how what laptops share stands here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from developer_node.front.cli.refusal import DONE, with_client
from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from developer_node.front.local_client import LocalClient


def group() -> typer.Typer:
    """`postdevai sync [COMMAND]`."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback(invoke_without_command=True)(sync)
    app.command("status")(status)
    return app


def sync(context: typer.Context, json: JSON = False) -> None:
    """Tell what waits here, and what lost against another laptop's edit."""
    if context.invoked_subcommand is None:
        status(json=json)


def status(json: JSON = False) -> None:
    """What waits, the last exchange, what lost, and who works where."""
    from common.clock import SystemClock
    from developer_node.front import output_shared
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        found = await client.shared.sync()
        if json:
            print_json(output_shared.sync_data(found))
        else:
            Page().show(*output_shared.sync(found, SystemClock().now_ms()))
        return DONE

    raise typer.Exit(with_client(use, home()))
