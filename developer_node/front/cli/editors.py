"""`postdevai lsp`: what an editor starts to have the failure memory at its lines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from developer_node.front.cli.words import home


def lsp(
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Speak on stdin and stdout: the only way there is.")
    ] = True,
    vsix: Annotated[
        Path | None,
        typer.Option(help="Write the extension for VS Code there, and end.", dir_okay=False),
    ] = None,
) -> None:
    """Serve editors: what failed at its line, with what mended it."""
    if vsix is not None:
        from developer_node.front.lsp.vsix import make

        make(vsix)
        sys.stdout.write(f"{vsix}: code --install-extension {vsix}\n")
        return
    from developer_node.front.lsp.running import serve

    if stdio and sys.stdin.isatty():
        sys.stderr.write("An editor starts this and speaks to it; docs/agents.md says how.\n")
    raise typer.Exit(serve(home()))
