"""`pins`: files that stand first in every answer about a project, on all laptops."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import Invalid
from developer_node.front.cli.refusal import DONE, NO, with_client
from developer_node.front.cli.sharing import SCOPE, scope
from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from developer_node.front.local_client import LocalClient

PATH = Annotated[str, typer.Argument(metavar="PATH", help="A file, or its lines as a/b.py:10-20.")]


def group() -> typer.Typer:
    """`postdevai pins [COMMAND]`."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback(invoke_without_command=True)(pins)
    app.command("list")(list_them)
    app.command("add")(add)
    app.command("rm")(remove)
    return app


def pins(context: typer.Context, json: JSON = False) -> None:
    """Pin files that stand first in every answer, on all your laptops."""
    if context.invoked_subcommand is None:
        list_them(json=json)


def list_them(project: SCOPE = "", json: JSON = False) -> None:
    """List what is pinned, in every project unless one is named."""
    from common.clock import SystemClock
    from developer_node.front import output_shared
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        found = await client.shared.items("pin", project, every=not project)
        if json:
            print_json(output_shared.items("pins", found))
        else:
            Page().show(*output_shared.pins(found, SystemClock().now_ms()))
        return DONE if found else NO

    raise typer.Exit(with_client(use, home()))


def add(path: PATH, project: SCOPE = "", json: JSON = False) -> None:
    """Pin a file."""
    _change(path, project, pinned=True, json=json)


def remove(path: PATH, project: SCOPE = "", json: JSON = False) -> None:
    """Pin it no more."""
    _change(path, project, pinned=False, json=json)


def _change(path: str, project: str, *, pinned: bool, json: bool) -> None:
    from developer_node.front import output_shared
    from developer_node.front.output_page import Page, line

    meant = scope(project, everywhere=None)
    key = path if project else _within(path)

    async def use(client: LocalClient) -> int:
        if pinned:
            found = await client.shared.put("pin", meant, key, "")
        else:
            found = await client.shared.remove("pin", meant, key)
        if json:
            print_json(output_shared.item(found))
        else:
            said = "Pinned" if pinned else "Pinned no more"
            Page().show(line(f"{said}: {found.key} of {meant}."))
        return DONE

    raise typer.Exit(with_client(use, home()))


def _within(path: str) -> str:
    """Relative to the top of the repository here."""
    from developer_node.text.working_copy import find_root

    root = find_root(Path.cwd())
    whole = os.path.abspath(os.path.expanduser(path))
    if root is None or not Path(whole).is_relative_to(root):
        raise Invalid(f"{path} does not lie in the repository here.", field="path")
    return os.path.relpath(whole, root)
