"""`tasks`: what is to be done on the owner's machines, who does it, and what came of it."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from common.errors import Invalid, Unavailable
from developer_node.front.cli.refusal import DONE, NO, with_client
from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from common.model.task import Task
    from developer_node.front.local_client import LocalClient
    from developer_node.front.local_tasks import LocalTasks

ID = Annotated[
    str, typer.Argument(metavar="ID", help="Its id, or so much of it that no other begins so.")
]
Kind = Literal["reindex", "prove", "summarise", "compact", "snapshot"]
State = Literal["waiting", "running", "done", "failed", "dead", "cancelled"]
OF_A_PROJECT = ("reindex", "summarise")
CONSENT = "The recorded command is run again, up to six times, in a sandbox without network. Go on?"
AGAIN_S = 2.0


def group() -> typer.Typer:
    """`postdevai tasks [COMMAND]`."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback(invoke_without_command=True)(tasks)
    app.command("list")(list_tasks)
    for command in (submit, show, cancel, retry, watch):
        app.command(command.__name__)(command)
    return app


def tasks(context: typer.Context, json: JSON = False) -> None:
    """Show what is to be done, who does it, and what came of it."""
    if context.invoked_subcommand is None:
        list_tasks(json=json)


def list_tasks(
    state: Annotated[
        State | None, typer.Option(metavar="STATE", help="Only those in this state.")
    ] = None,
    ended: Annotated[
        int,
        typer.Option(metavar="N", min=1, max=1000, help="So many at most of those that ended."),
    ] = 20,
    json: JSON = False,
) -> None:
    """Show the tasks: those that run, those that wait, those that ended last."""
    from common.clock import SystemClock
    from developer_node.front import output_tasks
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        known = await client.tasks.list((state,) if state else (), ended)
        if json:
            print_json(output_tasks.page_json(known))
        else:
            Page().show(*output_tasks.page(known, SystemClock().now_ms()))
        return DONE

    raise typer.Exit(with_client(use, home()))


def submit(
    kind: Annotated[
        Kind,
        typer.Argument(metavar="KIND", help="reindex, prove, summarise, compact or snapshot."),
    ],
    project: Annotated[
        str, typer.Option(metavar="P", help="Its name, id or path; for reindex and summarise.")
    ] = "",
    remedy: Annotated[str, typer.Option(metavar="ID", help="What is to be proven.")] = "",
    priority: Annotated[
        int, typer.Option(metavar="N", min=0, max=9, help="0 to 9; higher goes first.")
    ] = 0,
    node: Annotated[
        str, typer.Option(metavar="ID", help="Only on this node; its id may be shortened.")
    ] = "",
    key: Annotated[
        str, typer.Option(metavar="KEY", help="Your own name for it: once under one key.")
    ] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it has ended.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a proof.")] = False,
    json: JSON = False,
) -> None:
    """Have something done when a node that can do it has time."""
    from common.model.ids import NodeId
    from common.model.task import TaskWish

    if (kind == "prove") != bool(remedy):
        raise Invalid(
            "A proof needs a remedy, and nothing else does.",
            field="remedy",
            hint="postdevai tasks submit prove --remedy ID",
        )
    if kind == "prove" and json and not yes:
        raise Invalid("With --json nobody is asked.", field="yes", hint="Add --yes.")

    async def use(client: LocalClient) -> int:
        consent = kind == "prove" and (yes or typer.confirm(CONSENT, default=True))
        if kind == "prove" and not consent:
            return NO
        of = await _named(client, project) if project and kind in OF_A_PROJECT else project
        wish = TaskWish(
            kind, key or os.urandom(16).hex(), of, remedy, priority, NodeId(node), consent
        )
        task, created = await client.tasks.submit(wish)
        if wait:
            task = await _ended(client.tasks, task, quiet=json)
        _shown(task, json)
        if not created and not json:
            sys.stderr.write("There was one of this key already.\n")
        return NO if task.ended and task.state != "done" else DONE

    raise typer.Exit(with_client(use, home()))


def show(task_id: ID, json: JSON = False) -> None:
    """Tell all that is known of a task, with what came of it."""
    _one(lambda tasks: tasks.get(task_id), json)


def cancel(task_id: ID, json: JSON = False) -> None:
    """End a task; one that runs ends as soon as its worker has heard."""
    _one(lambda tasks: tasks.cancel(task_id), json)


def retry(task_id: ID, json: JSON = False) -> None:
    """Let a task that failed, is dead or was cancelled wait again."""
    _one(lambda tasks: tasks.retry(task_id), json)


def watch() -> None:
    """Show each change as it happens, until Ctrl-C."""
    from common.backoff import Backoff
    from common.clock import SystemClock
    from developer_node.front import output_tasks
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        page, backoff = Page(), Backoff(most_s=AGAIN_S)
        known = await client.tasks.list()
        cursor, away = known.cursor, False
        page.show(*(output_tasks.row(t, SystemClock().now_ms()) for t in known.tasks))
        while True:
            try:
                async with aclosing(client.tasks.watch(cursor)) as changes:
                    async for change in changes:
                        cursor, away = change.cursor, False
                        backoff.reset()
                        if change.task is not None:
                            page.show(output_tasks.row(change.task, SystemClock().now_ms()))
            except Unavailable as error:
                if not away:
                    said = error.message[:1].upper() + error.message[1:]
                    sys.stderr.write(f"{said}; it is asked again.\n")
                away = True
            await asyncio.sleep(backoff.next_s())

    raise typer.Exit(with_client(use, home()))


def _one(ask: Callable[[LocalTasks], Awaitable[Task]], json: bool) -> None:
    async def use(client: LocalClient) -> int:
        _shown(await ask(client.tasks), json)
        return DONE

    raise typer.Exit(with_client(use, home()))


async def _named(client: LocalClient, project: str) -> str:
    """The project's name, or its id where that is what was typed or all that is known."""
    from developer_node.front.cli.routes import project_of

    found, name = await project_of(client, project)
    return found if project == found else name or found


def _shown(task: Task, json: bool) -> None:
    from common.clock import SystemClock
    from developer_node.front import output_tasks
    from developer_node.front.output_page import Page

    if json:
        print_json(output_tasks.as_json(task))
    else:
        Page().show(*output_tasks.whole(task, SystemClock().now_ms()))


async def _ended(tasks: LocalTasks, task: Task, *, quiet: bool) -> Task:
    """The task once it has ended; how far it is meanwhile."""
    from developer_node.front.output_page import Page
    from developer_node.front.output_progress import steps

    page = Page(sys.stderr) if quiet else Page()
    with steps(page, task.sentence or task.state) as progress:
        while not task.ended:
            progress.now(task.sentence or task.state, task.share or None)
            await asyncio.sleep(0.5)
            task = await tasks.get(task.id)
    return task
