"""`nodes`, `invite` and `join`: who belongs to the mesh."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from common.errors import Invalid
from developer_node.front.cli.refusal import DONE, with_client
from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from common.model.node import Invitation, Member, Role
    from developer_node.front.joining import Joined
    from developer_node.front.local_client import LocalClient

Invited = Literal["dragon", "developer", "tool", "coordinator"]


def group() -> typer.Typer:
    """`postdevai nodes [COMMAND]`."""
    from developer_node.front.cli import routes

    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback(invoke_without_command=True)(nodes)
    for command in (routes.route, routes.pin, routes.unpin):
        app.command(command.__name__)(command)
    return app


def nodes(context: typer.Context, json: JSON = False) -> None:
    """List the nodes of the mesh, or tell where work goes and keep projects in their places."""
    if context.invoked_subcommand is not None:
        return
    from common.clock import SystemClock
    from developer_node.front import output_json, output_nodes
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        known = await client.nodes()
        others = await _others(client)
        if json:
            print_json(
                {
                    "nodes": [output_json.node(node) for node in known],
                    "members": None
                    if others is None
                    else [output_json.member(each) for each in others],
                }
            )
        else:
            now_ms = SystemClock().now_ms()
            Page().show(
                *output_nodes.page(known, now_ms), *output_nodes.others(others or (), now_ms)
            )
        return DONE

    raise typer.Exit(with_client(use, home()))


async def _others(client: LocalClient) -> tuple[Member, ...] | None:
    """Who else was let in; None where the daemon is of a version that does not tell."""
    from common.errors import Missing

    try:
        return await client.routes.members()
    except Missing:
        return None


def invite(
    role: Annotated[
        Invited, typer.Argument(metavar="ROLE", help="dragon, developer, tool or coordinator.")
    ],
    json: JSON = False,
) -> None:
    """Print a one-time code for a new node."""
    if role == "coordinator":
        from developer_node.front import joining_coordinator

        _show(role, joining_coordinator.invite(home()), json)
        return

    async def use(client: LocalClient) -> int:
        _show(role, await client.invite(role), json)
        return DONE

    raise typer.Exit(with_client(use, home()))


def _show(role: Role, given: Invitation, json: bool) -> None:
    from developer_node.front.output_words import iso

    if json:
        print_json({"role": role, "code": given.code, "expires_at": iso(given.expires_ms)})
        return
    sys.stdout.write(given.code + "\n")
    sys.stdout.flush()
    if sys.stdout.isatty():
        where = "postdevai join CODE --to DIR" if role == "tool" else "postdevai join CODE"
        sys.stderr.write(f"Good for one node, until {iso(given.expires_ms)}. There: {where}\n")
        if role == "coordinator":
            sys.stderr.write("It opens the keys of this mesh: carry it by a way that you trust.\n")


def join(
    code: Annotated[str, typer.Argument(metavar="CODE", help="What `postdevai invite` printed.")],
    to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Put a tool's certificates there.")
    ] = None,
    no_start: Annotated[
        bool, typer.Option("--no-start", help="Only take the identity; start nothing.")
    ] = False,
    host: Annotated[
        str,
        typer.Option(
            metavar="all|ADDR",
            help="Where it listens; at first all where the Coordinator is on another machine.",
        ),
    ] = "",
    engine_server: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="A Coordinator starts the engine's server of DIR as well."
        ),
    ] = None,
    json: JSON = False,
) -> None:
    """Make this machine a node of a mesh, with a one-time code, and start it."""
    from common.daemon.listening import host_of, listen_at
    from developer_node.front.joining import host_for, start_joined

    at = host_of(host) if host else ""
    joined = _joined(code.strip(), to, engine_server)
    if not json:
        sys.stdout.write(f"Joined as {joined.uri}.\n")
        sys.stdout.flush()
    started = ()
    if joined.starts and not no_start:
        stream = sys.stderr if json else sys.stdout
        started = asyncio.run(start_joined(home(), at or host_for(joined), stream))
    elif joined.starts and (later := at or host_for(joined)):
        listen_at(home(), later)
    if json:
        print_json(joined.as_json() | {"started": [ready.role for ready in started]})
    elif joined.starts and not started:
        sys.stdout.write("Start it with: postdevai up\n")


def _joined(code: str, to: Path | None, server: Path | None) -> Joined:
    """Who this machine is by the code."""
    from common.rpc.join_code import is_for_coordinator
    from developer_node.front import joining_coordinator
    from developer_node.front.joining import join_mesh

    if not is_for_coordinator(code):
        if server is not None:
            raise Invalid("only a Coordinator starts a server of the engine", field="engine_server")
        return asyncio.run(join_mesh(code, home(), to.expanduser().absolute() if to else None))
    if to is not None:
        raise Invalid("--to is for a tool; this code is for a Coordinator", field="to")
    place = server.expanduser().absolute() if server else None
    return joining_coordinator.join(home(), code, place)
