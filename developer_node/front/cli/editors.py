"""`postdevai lsp`: what an editor starts to have the failure memory at its lines."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from developer_node.front.cli.words import home


def lsp(
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Speak on stdin and stdout: the only way there is.")
    ] = True,
) -> None:
    """Serve editors: what failed at its line, with what mended it."""
    from developer_node.front.lsp.running import serve

    if stdio and sys.stdin.isatty():
        sys.stderr.write("An editor starts this and speaks to it; docs/agents.md says how.\n")
    raise typer.Exit(serve(home()))
