"""`upgrade`: another version, installed beside this one and proven; and back by one command."""

from __future__ import annotations

import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import Conflict, Invalid
from developer_node.front.cli.refusal import DONE, NO
from developer_node.front.cli.words import home

if TYPE_CHECKING:
    from developer_node.front.output_page import Page
    from developer_node.front.upgrade.candidate import Candidate
    from developer_node.front.upgrade.moving import Mover
    from developer_node.front.upgrade.record import Record


def upgrade(
    to: Annotated[
        str, typer.Option(metavar="WHAT", help="A wheel, a directory of wheels, or a version.")
    ] = "",
    check: Annotated[
        bool, typer.Option("--check", help="Only say what would change; nothing stops.")
    ] = False,
    back: Annotated[bool, typer.Option("--back", help="Undo the last upgrade.")] = False,
    network: Annotated[
        bool, typer.Option("--network", help="Allow pip to ask the network for it.")
    ] = False,
    into: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where; else beside the present one.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Move to another version, and go back by itself if it is not well."""
    from common.daemon.locks import only_instance
    from developer_node.front.output_page import Page, line
    from developer_node.front.upgrade import candidate, record
    from developer_node.front.upgrade.moving import Mover

    place, page = home(), Page()
    mover = Mover(place, lambda said: page.show(line(said)))
    if bool(to) == back:
        raise Invalid(
            "say where to", field="to", hint="postdevai upgrade --to WHEEL, or: upgrade --back"
        )
    with only_instance(place.root / "upgrade.lock", "upgrade"):
        if back:
            raise typer.Exit(_back(mover, record.read(place), page, yes=yes))
        wanted = candidate.candidate(to, network=network)
        if check:
            raise typer.Exit(_check(mover, wanted, page))
        _to(mover, wanted, into, page)


def _to(mover: Mover, wanted: Candidate, into: Path | None, page: Page) -> None:
    from developer_node.front.output_page import Span, line
    from developer_node.front.upgrade.environment import Environment

    if into is not None:
        place = Environment(into.expanduser().absolute())
    else:
        place = mover.here.beside(wanted.version)
    made = mover.to(wanted, place)
    page.show(line(Span(f"Version {made.to_version} runs, and all is well.", "green")))
    for link in made.links:
        page.show(line(f"{link} leads to it."))
    if not made.links:
        page.show(line(f"Type from now on: {place.programs / 'postdevai'}"))
    page.show(
        line(f"Version {made.from_version} is kept in {made.from_root}, and the state of before"),
        line("in HOME/upgrade. To go back: postdevai upgrade --back"),
    )


def _check(mover: Mover, wanted: Candidate, page: Page) -> int:
    from common import versions
    from developer_node.front.output_page import line
    from developer_node.front.output_words import size
    from developer_node.front.upgrade import moving, state
    from developer_node.front.upgrade.environment import Environment, installed

    mover.refuse_no_step(wanted)
    now = mover.here.version()
    page.show(line(f"Here runs {now}; this is {wanted.version}."))
    if versions.apart(now, wanted.version):
        page.show(line("Nodes more than one minor version apart do not work together."))
    with tempfile.TemporaryDirectory(prefix="postdevai-check-") as directory:
        new = installed(wanted, Environment(Path(directory) / "new"))
        page.show(line(moving.said_of_formats(*mover.compared(new))))
    page.show(line(f"A copy of the state would take {size(state.room_for_copy(mover.home))}."))
    return DONE


def _back(mover: Mover, made: Record, page: Page, *, yes: bool) -> int:
    from developer_node.front.output_page import line
    from developer_node.front.upgrade import stores
    from developer_node.front.upgrade.environment import Environment

    if made.state == "back":
        raise Conflict(f"version {made.from_version} was gone back to already")
    since = datetime.fromtimestamp(made.at_ms / 1000).astimezone().strftime("%d %B, %H:%M")
    page.show(line(f"From version {made.to_version} back to {made.from_version}."))
    gone = stores.to_put_back(mover.home, made, Environment(Path(made.from_root)))
    if made.state == "done":
        stores.refuse_lost_decisions(gone, made)
    if gone:
        page.show(
            line(f"It cannot read {' and '.join(gone)}: put back as of {since}."),
            *(line(said) for said in stores.said_of_what_is_left(mover.home, made, gone)),
            line("HOME/upgrade/after keeps that until you remove it; it is not shown."),
            line("All other stores stay as they are now."),
        )
        if not yes and not _agreed():
            return NO
    mover.back(made)
    page.show(line(f"Version {made.from_version} is back."))
    return DONE


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise Invalid("nobody is here to be asked", field="yes", hint="add --yes")
    return typer.confirm("Go on?")
