"""`pause`, `resume`, `never`, `import`, `unwatch`: what is recorded, and what is not."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import Invalid, Missing
from developer_node.front.cli.refusal import DONE, NO, with_client
from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from common.model.remedy import ImportProgress
    from developer_node.front.local_client import LocalClient
    from developer_node.front.output_page import Line

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION = re.compile(r"(\d{1,3})\s*([smhd])")


def pause(
    duration: Annotated[
        str, typer.Argument(metavar="TIME", help="As 30m or 2h; without one until `resume`.")
    ] = "",
) -> None:
    """Record no command for a while."""
    from developer_node.text import gates

    said = gates.pause(home().root, _seconds(duration) if duration else None)
    sys.stdout.write(f"{said}\n")


def resume() -> None:
    """Record commands again."""
    from developer_node.text import gates

    was = gates.resume(home().root)
    sys.stdout.write("Recording goes on.\n" if was else "Recording was not paused.\n")


def never(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="With all below it; without one the list is shown."),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="It may be recorded again.")] = False,
    json: JSON = False,
) -> None:
    """Name a directory in which nothing is ever recorded."""
    from developer_node.text import gates

    root = home().root
    try:
        if directory is not None:
            _change_never(root, directory.expanduser(), remove=remove)
        kept = gates.never_recorded(root)
    except ValueError as error:
        raise Invalid(f"{error}.", field="directory", hint="Mend or remove that list.") from error
    if json:
        print_json({"never": list(kept)})
    elif directory is None:
        sys.stdout.write("".join(f"{place}\n" for place in kept) or "No directory is named.\n")


def _change_never(root: Path, directory: Path, *, remove: bool) -> None:
    from developer_node.text import gates

    if not remove:
        place = gates.put_never(root, directory)
        sys.stderr.write(f"Nothing is recorded in {place} from now on. What was, stays: see\n")
        sys.stderr.write("  postdevai forget --path DIR\n")
    elif gates.take_never(root, directory):
        sys.stderr.write(f"{directory} may be recorded again.\n")
    else:
        raise Missing(f"{directory} is not in the list.", hint="Type: postdevai never")


def bring_in(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="atuin, bash, zsh, fish, git.")],
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="PATH", help="Its file, or a repository; without one the usual place."
        ),
    ] = None,
    json: JSON = False,
) -> None:
    """Import what another tool has kept, each entry once."""
    from developer_node.front.output_page import Page
    from developer_node.front.output_progress import steps

    place = path or (Path() if source == "git" else None)
    named = os.fspath(place.expanduser().resolve()) if place else ""

    async def use(client: LocalClient) -> int:
        last: ImportProgress | None = None
        page = Page(sys.stderr if json else sys.stdout)
        with steps(page, "reading") as bar:
            async for last in client.capture.bring_in(source, named):
                bar.now(f"{last.read:,} read, {last.recorded:,} recorded")
        if last is None or not last.finished:
            raise Missing("The import did not come to its end.", hint="Type it again: it goes on.")
        if json:
            print_json(_imported(last))
        else:
            page.show(*_told(last))
        return DONE if last.read else NO

    raise typer.Exit(with_client(use, home()))


def _imported(last: ImportProgress) -> dict[str, object]:
    counts = {"read": last.read, "recorded": last.recorded, "known": last.known}
    told = {"left_out": last.left_out, "unknown": list(last.unknown)}
    return {"source": last.source, **counts, **told}


def _told(last: ImportProgress) -> list[Line]:
    from developer_node.front.output_page import Span, line

    entries = "commits" if last.source == "git" else "commands"
    counts = f"{last.read:,} {entries} read: {last.recorded:,} recorded"
    counts += f", {last.known:,} known before" if last.known else ""
    counts += f", {last.left_out:,} left out" if last.left_out else ""
    return [line(f"{counts}."), *(line(Span(f"  {said}", "dim")) for said in last.unknown)]


def unwatch(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="As `status` lists it.")],
    json: JSON = False,
) -> None:
    """Follow a repository no more; what was recorded of it stays."""
    path = os.path.abspath(directory.expanduser())

    async def use(client: LocalClient) -> int:
        left = await client.capture.unwatch(path)
        if json:
            print_json({"watched": [each.path for each in left]})
        else:
            sys.stdout.write(f"{path} is not watched any more. What was recorded of it stays.\n")
        return DONE

    raise typer.Exit(with_client(use, home()))


def _seconds(duration: str) -> float:
    found = _DURATION.fullmatch(duration.strip().lower())
    if not found or not int(found[1]):
        raise Invalid(f"{duration!r} is no time.", field="duration", hint="Write 30m, 2h or 1d.")
    return int(found[1]) * _SECONDS[found[2]]
