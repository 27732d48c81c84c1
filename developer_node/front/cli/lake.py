"""`lake` and what looks after it: pins, sleep, joins, snapshots, restore, backup."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import Invalid
from developer_node.front.cli.refusal import DONE, NO, with_client
from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from common.model.lake import LakeStep, ProjectStats
    from developer_node.front.local_client import LocalClient
    from developer_node.front.local_lake import LocalLake

NAME = Annotated[str, typer.Argument(metavar="PROJECT", help="Its name or id.")]

NODE = Annotated[
    str,
    typer.Option("--node", metavar="NODE", help="Another Dragon: its id, beginning or machine."),
]


def group() -> typer.Typer:
    """`postdevai lake [COMMAND]`."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback(invoke_without_command=True)(lake)
    for command in (pin, unpin, sleep, join, part, verify):
        app.command(command.__name__)(command)
    return app


def lake(context: typer.Context, node: NODE = "", json: JSON = False) -> None:
    """Show the lake: room, projects, snapshots; or look after it."""
    if context.invoked_subcommand is not None:
        return
    from common.clock import SystemClock
    from developer_node.front import output_json_lake, output_lake
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        stats = await client.lake.stats(node)
        if json:
            print_json(output_json_lake.lake(stats))
        else:
            Page().show(*output_lake.lake(stats, SystemClock().now_ms()))
        return DONE

    raise typer.Exit(with_client(use, home()))


def pin(project: NAME, json: JSON = False) -> None:
    """Keep a project in memory, whatever else needs room."""
    _changed(lambda lake: lake.pin(project, pinned=True), json)


def unpin(project: NAME, json: JSON = False) -> None:
    """Let a project go to sleep again when room is needed."""
    _changed(lambda lake: lake.pin(project, pinned=False), json)


def sleep(project: NAME, json: JSON = False) -> None:
    """Send a project to the SSD now; the next touch wakes it."""
    _changed(lambda lake: lake.sleep(project), json)


def join(
    project: NAME,
    into: Annotated[str, typer.Argument(metavar="INTO", help="The project it becomes part of.")],
    json: JSON = False,
) -> None:
    """Make one project part of another; `part` undoes it."""
    _changed(lambda lake: lake.alias(project, into), json)


def part(project: NAME, json: JSON = False) -> None:
    """Part a project from the one that it was joined to."""
    _changed(lambda lake: lake.alias(project, ""), json)


def verify(node: NODE = "", json: JSON = False) -> None:
    """Read everything that is durable, and name what is damaged."""
    _work(lambda lake: lake.verify(node), "reading", json)


def snapshot(node: NODE = "", json: JSON = False) -> None:
    """Write a generation of the lake to the Dragon's SSD."""
    _work(lambda lake: lake.snapshot(node), "writing a generation", json)


def restore(
    at: Annotated[
        int, typer.Option("--at", metavar="N", min=0, help="A generation; 0 is the newest whole.")
    ] = 0,
    node: NODE = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: JSON = False,
) -> None:
    """Rebuild the stores from a generation and the journal after it."""
    if not yes:
        if json:
            raise Invalid("With --json nobody is asked.", field="yes", hint="Add --yes.")
        if not typer.confirm("The stores are made anew; until then little is found. Do so?"):
            raise typer.Exit(NO)
    _work(lambda lake: lake.restore(at, node), "restoring", json)


def backup(
    to: Annotated[
        Path, typer.Option("--to", metavar="DIR", help="On the Dragon; missing or empty.")
    ],
    key_to: Annotated[
        Path,
        typer.Option("--key-to", metavar="FILE", help="Gets the key; keep it away from DIR."),
    ],
    node: NODE = "",
    json: JSON = False,
) -> None:
    """Write all that another machine needs."""
    there, key = (os.path.abspath(path.expanduser()) for path in (to, key_to))
    _work(lambda lake: lake.backup(there, key, node), "writing the backup", json)


def _changed(change: Callable[[LocalLake], Awaitable[ProjectStats]], json: bool) -> None:
    from developer_node.front import output_json_lake, output_lake
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        now = await change(client.lake)
        if json:
            print_json(output_json_lake.project(now))
        else:
            Page().show(output_lake.project(now))
        return DONE

    raise typer.Exit(with_client(use, home()))


def _work(work: Callable[[LocalLake], AsyncGenerator[LakeStep]], first: str, json: bool) -> None:
    from developer_node.front import output_json_lake, output_steps
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        if json:
            done = await output_steps.gather(work(client.lake))
            print_json(output_json_lake.steps(done))
            return DONE if done and done[-1].ended and all(s.ok for s in done) else NO
        well = await output_steps.follow(work(client.lake), Page(), first)
        return DONE if well else NO

    raise typer.Exit(with_client(use, home()))
