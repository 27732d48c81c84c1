"""`service`: the nodes of this machine as services of launchd or systemd."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from common.errors import Invalid
from developer_node.front.cli.refusal import DONE, INTERRUPTED, NO
from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from common.model.node import Role
    from developer_node.front.service.services import Services
    from developer_node.front.service.unit import Scope

Which = Literal["coordinator", "dragon", "developer", "all"]
NODE = Annotated[Which, typer.Argument(metavar="NODE", help="coordinator, dragon, developer; all.")]


def group() -> typer.Typer:
    """`postdevai service [COMMAND]`."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback(invoke_without_command=True)(service)
    for command in (install, uninstall, start, stop, restart, status, logs):
        app.command(command.__name__)(command)
    return app


def service(context: typer.Context, json: JSON = False) -> None:
    """Run the nodes as services that start by themselves."""
    if context.invoked_subcommand is None:
        raise typer.Exit(_status("all", json))


def install(
    node: NODE = "all",
    system: Annotated[
        bool, typer.Option("--system", help="For the whole machine, from boot on; needs root.")
    ] = False,
    user: Annotated[
        bool, typer.Option("--user", help="For you, from your login on; so by default.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the files.")] = False,
    root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write below DIR, and start nothing.")
    ] = None,
) -> None:
    """Write the units, and have the nodes started by themselves."""
    if system and user:
        raise Invalid("--system and --user exclude each other", field="system")
    from developer_node.front.output_page import Page, line

    services, scope, page = _services(root), _scope(system), Page()
    roles = _roles(services, node)
    written = services.plan(roles, scope, os.environ)
    if dry_run:
        for each in written:
            page.show(line(f"# {each.path}"))
            sys.stdout.write(each.content.decode() + "\n")
        raise typer.Exit(DONE)
    services.install(written, scope)
    page.show(*(line(f"{each.role:<12}wrote {each.path}") for each in written))
    if root is not None:
        raise typer.Exit(DONE)
    page.show(line("Start now with: postdevai service start all"))
    if scope == "user" and not services.lingers():
        page.show(
            line("They start when you log in and stop when you log out."),
            line("  To have them go on from boot, type: loginctl enable-linger"),
        )


def uninstall(
    node: NODE = "all",
    root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Remove what lies below DIR.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Stop the services and remove their units; what was recorded stays."""
    from developer_node.front.output_page import Page, line

    services, page = _services(root), Page()
    roles = _every(node)
    if dry_run:
        page.show(*(line(f"{each.role:<12}{each.path}") for each in services.mine(roles)))
        raise typer.Exit(DONE)
    number = services.uninstall(roles, lambda role, said: page.show(line(f"{role:<12}{said}")))
    if not number:
        page.show(line("Nothing is installed."))


def start(node: NODE = "all") -> None:
    """Start the services, in order; for systemd, until they serve."""
    _moved(node, "start")


def stop(node: NODE = "all") -> None:
    """Drain and stop the services; they start again at the next boot or login."""
    _moved(node, "stop")


def restart(node: NODE = "all") -> None:
    """Stop and start the services, each with its drain."""
    _moved(node, "stop", "start")


def status(node: NODE = "all", json: JSON = False) -> None:
    """Show each service: installed, enabled, running, and how its last process ended."""
    raise typer.Exit(_status(node, json))


def logs(
    node: NODE = "all",
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")
    ] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", min=0, help="How many.")] = 40,
) -> None:
    """Show the last lines of the nodes' logs, however the nodes were started."""
    from developer_node.front.output_page import Page, line
    from developer_node.front.service import read_logs

    place, page = home(), Page()
    roles: tuple[Role, ...] = tuple(r for r in _every(node) if (place.root / r).is_dir())
    there: dict[Role, list[str]] = {
        r: read_logs.last_lines(place.root / r / f"{r}.log", lines) for r in roles
    }
    for role in roles:
        log, printed = (place.root / role / f"{role}.{end}" for end in ("log", "err"))
        there[role] += read_logs.printed_since(log, printed, lines)
    named = len(roles) > 1
    coming = read_logs.follow(place, roles) if follow else iter(())
    shown = read_logs.merged(there, lines)
    if not shown and not follow:
        page.show(line("There are no logs yet."))
        raise typer.Exit(NO)
    try:
        for role, said in shown:
            page.show(line(f"{role:<12}{said}" if named else said))
        for role, said in coming:
            page.show(line(f"{role:<12}{said}" if named else said))
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def _moved(node: Which, *words: Literal["start", "stop"]) -> None:
    from developer_node.front.output_page import Page, line

    services, page = _services(), Page()

    def told(role: Role, said: str) -> None:
        page.show(line(f"{role:<12}{said}"))

    for word in words:
        move = services.start if word == "start" else services.stop
        move(_every(node), told)


def _status(node: Which, json: bool) -> int:
    from developer_node.front import output_services
    from developer_node.front.output_page import Page

    services = _services()
    shown = [each for each in services.all() if each.role in _every(node)]
    if json:
        print_json(output_services.as_json(services.kind, shown))
    else:
        Page().show(*output_services.lines(shown))
    return output_services.code(shown)


def _services(root: Path | None = None) -> Services:
    from developer_node.front.service.services import Services

    return Services(home(), root=root.expanduser().absolute() if root else None)


def _every(node: Which) -> tuple[Role, ...]:
    from developer_node.front.service.files import ROLES

    return ROLES if node == "all" else (node,)


def _roles(services: Services, node: Which) -> tuple[Role, ...]:
    """`all` means those that live here, if any do."""
    here: tuple[Role, ...] = tuple(r for r in _every(node) if services.lives_here(r))
    return here if node == "all" and here else _every(node)


def _scope(system: bool) -> Scope:
    return "system" if system else "user"
