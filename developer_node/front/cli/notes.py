"""`notes`: plain texts that laptops share, merged where two were edited."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import Invalid, Unavailable
from developer_node.front.cli.refusal import DONE, NO, with_client
from developer_node.front.cli.sharing import EVERYWHERE, SCOPE, scope
from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from common.model.shared import SharedItem
    from developer_node.front.local_client import LocalClient

ID = Annotated[str, typer.Argument(metavar="ID", help="As `notes` lists it, or how it begins.")]


def group() -> typer.Typer:
    """`postdevai notes [COMMAND]`."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback(invoke_without_command=True)(notes)
    app.command("list")(list_them)
    for command in (add, edit, show):
        app.command(command.__name__)(command)
    app.command("rm")(remove)
    return app


def notes(context: typer.Context, json: JSON = False) -> None:
    """Keep notes that your laptops share."""
    if context.invoked_subcommand is None:
        list_them(json=json)


def list_them(project: SCOPE = "", json: JSON = False) -> None:
    """List them, of every project unless one is named."""
    from common.clock import SystemClock
    from developer_node.front import output_shared
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        found = await client.shared.items("note", project, every=not project)
        if json:
            print_json(output_shared.items("notes", found))
        else:
            Page().show(*output_shared.notes(found, SystemClock().now_ms()))
        return DONE if found else NO

    raise typer.Exit(with_client(use, home()))


def add(
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="- reads it; without one $EDITOR opens.")
    ] = "",
    project: SCOPE = "",
    everywhere: EVERYWHERE = False,
    json: JSON = False,
) -> None:
    """Write a new one."""
    meant = scope(project, everywhere)
    written = sys.stdin.read() if text == "-" else text or _edited("")

    async def use(client: LocalClient) -> int:
        _changed(await client.shared.put("note", meant, "", written), "Kept", json=json)
        return DONE

    raise typer.Exit(with_client(use, home()))


def edit(
    note: ID,
    text: Annotated[
        str, typer.Option("--text", metavar="TEXT", help="In its place; - reads it.")
    ] = "",
    json: JSON = False,
) -> None:
    """Change one in $EDITOR; what others write meanwhile stays."""

    async def read(client: LocalClient) -> int:
        held.append(await client.shared.item("note", "", note))
        return DONE

    held: list[SharedItem] = []
    code = with_client(read, home())
    if code != DONE:
        raise typer.Exit(code)
    before = held[0]
    written = sys.stdin.read() if text == "-" else text or _edited(before.value)
    if written == before.value and not before.removed:
        sys.stderr.write("Nothing was changed.\n")
        raise typer.Exit(NO)

    async def use(client: LocalClient) -> int:
        put = await client.shared.put("note", before.scope, before.key, written, before.version)
        _changed(put, "Changed", json=json)
        return DONE

    raise typer.Exit(with_client(use, home()))


def show(note: ID, json: JSON = False) -> None:
    """Print one."""
    from developer_node.front import output_shared
    from developer_node.front.output_page import plain

    async def use(client: LocalClient) -> int:
        found = await client.shared.item("note", "", note)
        if json:
            print_json(output_shared.item(found))
        else:
            text = plain(found.value)
            sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        return DONE

    raise typer.Exit(with_client(use, home()))


def remove(note: ID, json: JSON = False) -> None:
    """Remove one, its text included, on all laptops."""

    async def use(client: LocalClient) -> int:
        _changed(await client.shared.remove("note", "", note), "Removed", json=json)
        return DONE

    raise typer.Exit(with_client(use, home()))


def _changed(found: SharedItem, said: str, *, json: bool) -> None:
    from developer_node.front import output_shared
    from developer_node.front.output_page import Page, line

    if json:
        print_json(output_shared.item(found))
    else:
        first = next((each for each in found.value.splitlines() if each.strip()), "")
        Page().show(line(f"{said}: {found.key}  {first}"))


def _edited(text: str) -> str:
    """What the person made of it; the file is theirs alone, and gone afterwards."""
    if not sys.stdin.isatty():
        raise Invalid(
            "There is no terminal for an editor here.",
            field="text",
            hint="Give the text, or - to read it.",
        )
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "note.md"
        path.write_text(text, "utf-8")
        try:
            done = subprocess.run([*shlex.split(editor), os.fspath(path)], check=False)
        except OSError as error:
            raise Unavailable(f"{editor} cannot be started: {error.strerror}") from error
        if done.returncode:
            raise Unavailable(f"{editor} ended with {done.returncode}; nothing was changed")
        return path.read_text("utf-8", errors="replace")
