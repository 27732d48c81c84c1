"""`mesh`: which engine keeps the Coordinator's state, and moving it to another.

The Coordinator's own program does the work, on the machine where its files are.
"""

from __future__ import annotations

import json as json_of
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from common.errors import Missing
from developer_node.front.cli.words import JSON, home, print_json
from developer_node.front.said_by_node import run_coordinator

if TYPE_CHECKING:
    from collections.abc import Sequence

To = Literal["sqlite", "nats"]
Copies = Literal["1", "3", "5"]


def group() -> typer.Typer:
    """`postdevai mesh [COMMAND]`."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback(invoke_without_command=True)(mesh)
    app.command("engine")(engine)
    app.command("migrate")(migrate)
    app.command("adopt")(adopt)
    return app


def mesh(context: typer.Context, json: JSON = False) -> None:
    """Tell which engine keeps the mesh's state, or move it to another."""
    if context.invoked_subcommand is None:
        engine(json=json)


def engine(json: JSON = False) -> None:
    """Tell which engine there is, what it holds, and which of its servers answer."""
    _ask(["engine"], json)


def migrate(
    to: Annotated[To, typer.Option(metavar="ENGINE", help="sqlite or nats.")],
    server: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="tls://host:port of a NATS server that is there."),
    ] = None,
    copies: Annotated[
        Copies, typer.Option(metavar="N", help="How many servers keep a copy: 1, 3 or 5.")
    ] = "1",
    tls: Annotated[
        str, typer.Option(metavar="DIR", help="Its key.pem, leaf.pem and ca.pem are shown.")
    ] = "",
    json: JSON = False,
) -> None:
    """Move the Coordinator's state to another engine, and compare what arrived."""
    words = ["migrate", "--to", to, "--copies", copies]
    for url in server or ():
        words += ["--server", url]
    _ask([*words, "--tls", tls] if tls else words, json)


def adopt(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="As engine-server wrote it; it must not run.")
    ],
) -> None:
    """Have this Coordinator start a server of the engine that was started by hand."""
    _ask(["adopt", str(directory.expanduser().absolute())], json=False)


def _ask(words: Sequence[str], json: bool) -> None:
    """Runs `coordinator-node`; what it says, and how it ends, are this command's."""
    place = home().root
    if not (place / "coordinator" / "authority" / "ca.pem").exists():
        raise Missing(
            "There is no Coordinator on this machine.",
            hint="Type this where it runs; `postdevai nodes` tells where that is.",
        )
    printed = run_coordinator(home(), *words, *(("--json",) if json else ()))
    if json:
        print_json(json_of.loads(printed))
    else:
        typer.echo(printed, nl=False)
