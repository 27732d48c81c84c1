"""`settings`: what holds on all laptops of one owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from developer_node.front.cli.refusal import DONE, NO, with_client
from developer_node.front.cli.sharing import EVERYWHERE, SCOPE, scope
from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from common.model.shared import SharedItem
    from developer_node.front.local_client import LocalClient

NAME = Annotated[str, typer.Argument(metavar="NAME", help="autonomy or answers.note.")]


def group() -> typer.Typer:
    """`postdevai settings [COMMAND]`."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback(invoke_without_command=True)(settings)
    app.command("list")(list_them)
    for command in (get, unset):
        app.command(command.__name__)(command)
    app.command("set")(set_one)
    return app


def settings(context: typer.Context, json: JSON = False) -> None:
    """Show or set what holds on all your laptops."""
    if context.invoked_subcommand is None:
        list_them(json=json)


def list_them(project: SCOPE = "", json: JSON = False) -> None:
    """List the settings that are set, with what lost against another edit."""
    from common.clock import SystemClock
    from developer_node.front import output_shared
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        found = await client.shared.items("setting", project, every=not project)
        if json:
            print_json(output_shared.items("settings", found))
        else:
            Page().show(*output_shared.settings(found, SystemClock().now_ms()))
        return DONE if found else NO

    raise typer.Exit(with_client(use, home()))


def get(
    name: NAME, project: SCOPE = "", everywhere: EVERYWHERE = False, json: JSON = False
) -> None:
    """Print what is set for a project, or else for every one."""
    from common.errors import Missing

    meant = _scope(name, project, everywhere)

    async def use(client: LocalClient) -> int:
        try:
            found = await client.shared.item("setting", meant, name)
        except Missing:
            if not meant:
                raise
            found = await client.shared.item("setting", "", name)
        _show(found, json=json)
        return DONE

    raise typer.Exit(with_client(use, home()))


def set_one(
    name: NAME,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="What is to hold.")],
    project: SCOPE = "",
    everywhere: EVERYWHERE = False,
    json: JSON = False,
) -> None:
    """Set one, here at once and on the others when they hear of it."""
    meant = _scope(name, project, everywhere)

    async def use(client: LocalClient) -> int:
        _show(await client.shared.put("setting", meant, name, value), json=json)
        return DONE

    raise typer.Exit(with_client(use, home()))


def unset(
    name: NAME, project: SCOPE = "", everywhere: EVERYWHERE = False, json: JSON = False
) -> None:
    """Take one away."""
    from developer_node.front import output_shared
    from developer_node.front.output_page import Page, line

    meant = _scope(name, project, everywhere)

    async def use(client: LocalClient) -> int:
        was = await client.shared.remove("setting", meant, name)
        if json:
            print_json(output_shared.item(was))
        else:
            Page().show(line(f"{name} is not set any more; it was {was.value}."))
        return DONE

    raise typer.Exit(with_client(use, home()))


def _scope(name: str, project: str, everywhere: bool) -> str:
    """Which project is meant, once it is known that there is such a setting."""
    from common.shared.checking import check_setting_name

    check_setting_name(name)
    return scope(project, everywhere)


def _show(found: SharedItem, *, json: bool) -> None:
    from common.clock import SystemClock
    from developer_node.front import output_shared
    from developer_node.front.output_page import Page

    if json:
        print_json(output_shared.item(found))
    else:
        Page().show(*output_shared.settings([found], SystemClock().now_ms()))
