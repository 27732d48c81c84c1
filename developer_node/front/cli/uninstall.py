"""`uninstall`: stops the mesh, takes the lines out of the shells, and with a yes the memory."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import Invalid
from developer_node.front.cli.refusal import DONE, NO
from developer_node.front.cli.words import home

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from common.daemon.home import Home
    from developer_node.front.uninstalling import Loss


def uninstall(
    everything: Annotated[
        bool, typer.Option("--everything", help="And all that was recorded in HOME.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Stop the mesh and take PostDevAI out of your shells.

    With --everything the memory goes, too.
    """
    from developer_node.front import uninstalling
    from developer_node.front.output_page import Page, line

    place, page = home(), Page()
    going = uninstalling.losses(place, everything=everything)
    staying = uninstalling.stays(place) if everything else ()
    page.show(*(line(text) for text in _told(place, going, staying, everything=everything)))
    if dry_run:
        raise typer.Exit(DONE)
    if everything and not uninstalling.is_ours(place):
        raise Invalid(
            f"{place.root} does not look like a directory of PostDevAI: nothing was removed.",
            field="home",
            hint="Name the right one with POSTDEVAI_HOME.",
        )
    if not yes and not _agreed(everything=everything):
        raise typer.Exit(NO)
    page.show(*(line(said) for said in uninstalling.remove_services(place)))
    _stop(place, free=everything)
    page.show(*(line(said) for said in uninstalling.take_lines_out()))
    if everything:
        page.show(*(line(said) for said in uninstalling.remove(place)))
    else:
        page.show(line(f"What was recorded is left in {place.root}"))


def _told(
    place: Home, going: list[Loss], staying: Sequence[Path], *, everything: bool
) -> list[str]:
    said = ["This stops the nodes of this machine, and takes away:"]
    said += [f"  {loss.what}  ({loss.where})" for loss in going]
    if staying:
        said += ["It leaves what PostDevAI did not write:", *(f"  {path}" for path in staying)]
    if everything:
        return [*said, f"Nothing brings back what was recorded in {place.root} without a backup."]
    return [*said, f"It leaves what was recorded in {place.root}; --everything takes that, too."]


def _agreed(*, everything: bool) -> bool:
    if not sys.stdin.isatty():
        raise Invalid("Nobody is here to be asked.", field="yes", hint="Add --yes, or --dry-run.")
    return typer.confirm("Remove all of it for good?" if everything else "Go on?")


def _stop(place: Home, *, free: bool) -> None:
    from developer_node.front.output_page import Page
    from developer_node.front.up.stopping import down

    asyncio.run(down(place, Page(), free=free and (place.root / "dragon").is_dir()))
