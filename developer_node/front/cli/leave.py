"""`leave`: this machine is a Dragon, a Coordinator or a laptop of its mesh no longer."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from common.errors import Invalid
from developer_node.front.cli.words import JSON, home, print_json

Leaves = Literal["dragon", "coordinator", "developer"]


def leave(
    role: Annotated[
        Leaves, typer.Argument(metavar="ROLE", help="dragon, coordinator or developer.")
    ],
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Coordinator: the sealed file to carry to the other."),
    ] = None,
    key_to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Coordinator: the key of that file, in another place."),
    ] = None,
    json: JSON = False,
) -> None:
    """Hand a node of this machine on to another, and be it no longer."""
    from developer_node.front.output_page import Page
    from developer_node.front.up.leaving import (
        leave_coordinator,
        leave_developer,
        leave_dragon,
        leave_to_others,
    )

    page = Page(sys.stderr if json else sys.stdout)
    if role == "developer":
        if to is not None or key_to is not None:
            raise Invalid("what a laptop recorded is with the Dragon: no --to", field="to")
        said = asyncio.run(leave_developer(home(), page))
    elif role == "dragon":
        if to is not None or key_to is not None:
            raise Invalid("a Dragon is carried by the one that follows it: no --to", field="to")
        said = asyncio.run(leave_dragon(home(), page))
    elif to is not None and key_to is not None:
        said = asyncio.run(leave_coordinator(home(), page, _whole(to), _whole(key_to)))
    elif to is None and key_to is None:
        said = asyncio.run(leave_to_others(home(), page))
    else:
        raise Invalid("--to and --key-to are the two parts of one move", field="to")
    if json:
        print_json({"role": role, "sentence": said})
        return
    sys.stdout.write(f"{said}\n")


def _whole(path: Path) -> Path:
    return path.expanduser().absolute()
