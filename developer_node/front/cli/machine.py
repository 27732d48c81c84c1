"""`up`, `down`, `status`, `tui` and `watch`: the mesh on this machine."""

from __future__ import annotations

import asyncio
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from common.errors import Invalid, Unavailable
from developer_node.front.cli.refusal import DONE, refuse, with_client
from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from developer_node.front.local_client import LocalClient

WaitFor = Literal["ready", "words", "vectors"]


def up(
    repo: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="A repository to watch; may be repeated."),
    ] = None,
    detach: Annotated[
        bool,
        typer.Option("--detach", help="Leave the nodes running, watched by nobody, and return."),
    ] = False,
    wait: Annotated[
        WaitFor,
        typer.Option(help="ready: all serve; words: all indexed; vectors: and all embedded."),
    ] = "ready",
    tui: Annotated[bool, typer.Option("--tui", help="Open the TUI.")] = False,
    host: Annotated[
        str,
        typer.Option(
            metavar="all|ADDR",
            help="Where the nodes here listen, kept for the next time; at first 127.0.0.1.",
        ),
    ] = "",
) -> None:
    """Start the nodes that are missing here, and watch repositories."""
    from developer_node.front import bare_machine

    missing = bare_machine.lacking()
    if missing:
        sys.stderr.write(f"{bare_machine.refusal(missing)} Type:\n  {bare_machine.INSTALL}\n")
        raise typer.Exit(2)
    repos = tuple(_directory(path, "up --repo DIR") for path in repo or [])
    from developer_node.front.output_page import Page
    from developer_node.front.up.supervisor import Supervisor, Wanted

    wanted = Wanted(repos, wait, detach, tui, host)
    raise typer.Exit(asyncio.run(Supervisor(home(), Page()).up(wanted)))


def _directory(path: Path, words: str) -> Path:
    try:
        whole = path.expanduser().resolve()
        if whole.is_dir():
            return whole
    except (OSError, RuntimeError):
        whole = path
    raise Invalid(f"{whole} is not a directory.", field="repo", hint=f"Type: postdevai {words}")


def down(
    free: Annotated[
        bool, typer.Option("--free", help="Give the RAM disk back, too; nothing is lost.")
    ] = False,
) -> None:
    """Stop the three nodes of this machine, in order."""
    from developer_node.front.output_page import Page
    from developer_node.front.up.stopping import down as bring_down

    raise typer.Exit(asyncio.run(bring_down(home(), Page(), free=free)))


def status(json: JSON = False) -> None:
    """Tell how things stand, and what needs you."""
    from common.clock import SystemClock
    from developer_node.front import output_json, output_story
    from developer_node.front.output_page import Page
    from developer_node.front.recording_state import paused_sentence

    async def use(client: LocalClient) -> int:
        now = await client.status()
        if json:
            print_json(output_json.status(now))
        else:
            told = output_story.story(now, paused_sentence(home().root), SystemClock().now_ms())
            Page().show(*told)
        return DONE

    try:
        code = with_client(use, home())
    except Unavailable as error:
        code = _status_without_daemon(error, json)
    raise typer.Exit(code)


def _status_without_daemon(error: Unavailable, json: bool) -> int:
    """What this machine can tell by itself; 3, because it is not the whole story."""
    from developer_node.front import output_json, output_story
    from developer_node.front.local_nodes import local_nodes
    from developer_node.front.output_page import Page

    known = local_nodes(home())
    if json:
        print_json(output_json.status_without_daemon(known, error.message))
    elif known:
        own = next((node.id for node in known if node.role == "developer"), "")
        Page().show(*output_story.nodes(known, own))
    return refuse(error)


def tui(
    here: Annotated[
        bool, typer.Option("--here", hidden=True, help="A foreground `up` opened it.")
    ] = False,
    reader: Annotated[
        bool, typer.Option("--reader", help="Plain lines for a screen reader, no full screen.")
    ] = False,
    web: Annotated[
        bool, typer.Option("--web", help="Serve it to a browser on this machine.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="With --web; 0 for a free one.")] = 0,
    in_browser: Annotated[
        bool, typer.Option("--in-browser", hidden=True, help="`--web` opened it.")
    ] = False,
) -> None:
    """Open the TUI: timeline, failures, questions."""
    if web:
        from developer_node.front.tui.web import serve_until_stopped

        serve_until_stopped(port, partial(print, flush=True))
        raise typer.Exit(DONE)
    if reader:
        from developer_node.front.tui.app import run_reader

        raise typer.Exit(run_reader(home()))
    if not in_browser and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Unavailable("The TUI needs a terminal.", hint="Without one: postdevai status")
    from developer_node.front.tui.app import run_tui
    from developer_node.front.up.stopping import stop_all

    where = home()

    async def stop_everything() -> None:
        await stop_all(where)

    raise typer.Exit(run_tui(where, stop_everything, stays_here=here))


def watch(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A repository, or any directory.")
    ] = Path("."),
    json: JSON = False,
) -> None:
    """Watch one more repository from now on."""
    from developer_node.front import output_json, output_story
    from developer_node.front.output_page import Page, Span, line
    from developer_node.text.working_copy import find_root

    path = _directory(directory, "watch DIR")

    async def use(client: LocalClient) -> int:
        watched = await client.watch(str(path))
        if json:
            print_json({"repository": output_json.repository(watched)})
        else:
            said = output_story.repository_state(watched, None)
            page = Page()
            page.show(line(f"{watched.path}: {said}"))
            if await asyncio.to_thread(find_root, Path(watched.path)) is None:
                page.show(
                    line(Span(output_story.NO_GIT, "yellow")),
                    line(f"If that was not meant: postdevai never {shlex.quote(watched.path)}"),
                )
        return DONE

    raise typer.Exit(with_client(use, home()))
