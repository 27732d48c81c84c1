"""`mcp`: gives agents on this machine the memory of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import Invalid
from developer_node.front.cli.words import home

if TYPE_CHECKING:
    from pathlib import Path


def mcp(
    http: Annotated[
        bool, typer.Option("--http", help="On loopback, with a token, for many agents.")
    ] = False,
    port: Annotated[
        int | None, typer.Option(metavar="N", min=0, max=65535, help="With --http: 47630 if not.")
    ] = None,
) -> None:
    """Serve agents: what is remembered here, over MCP."""
    if not http:
        if port is not None:
            raise Invalid("--port is for --http.", field="port", hint="Type: postdevai mcp --http")
        from developer_node.front.mcp import over_stdio

        over_stdio.serve(home())
        return
    from developer_node.front.mcp import over_http

    over_http.serve(home(), over_http.PORT if port is None else port, _ready)


def _ready(address: str, token: Path) -> None:
    sys.stdout.write(f"MCP at {address}\nThe token is in {token}\nStops with Ctrl-C.\n")
    sys.stdout.flush()
