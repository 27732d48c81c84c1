"""`kept`, `forget` and `related`: what is remembered, what it has to do with what, its end."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from common.errors import Invalid
from developer_node.front.cli.refusal import DONE, NO, with_client
from developer_node.front.cli.words import JSON, PROJECT, home, print_json

if TYPE_CHECKING:
    from common.model.lake import Oblivion, Thing, Verb
    from developer_node.front.local_client import LocalClient


def kept(json: JSON = False) -> None:
    """Tell what is kept, where, how old it is, and what ends its stay."""
    from common.clock import SystemClock
    from developer_node.front import output_json_lake, output_lake
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        items = await client.lake.kept()
        if json:
            print_json(output_json_lake.kept(items))
        else:
            Page().show(*output_lake.kept(items, SystemClock().now_ms()))
        return DONE

    raise typer.Exit(with_client(use, home()))


def forget(
    path: Annotated[
        Path | None, typer.Option(metavar="PATH", help="A directory or file, and all below it.")
    ] = None,
    since: Annotated[str, typer.Option(metavar="T", help="From then on: 2h, yesterday.")] = "",
    until: Annotated[str, typer.Option(metavar="T", help="Until then.")] = "",
    secret: Annotated[
        bool, typer.Option("--secret", help="Whatever contains a text that is asked for, or stdin.")
    ] = False,
    project: PROJECT = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: JSON = False,
) -> None:
    """Remove what matches, here and on the Dragon. It looks whether it is gone there."""
    from common.model.lake import Oblivion
    from developer_node.front import output_json_lake, output_steps
    from developer_node.front.output_page import Page
    from developer_node.front.since import bound_ms

    what = Oblivion(
        project,
        os.fspath(path.expanduser().resolve()) if path else "",
        bound_ms(since),
        bound_ms(until),
        _secret() if secret else "",
        dry_run,
    )
    if secret:
        _must_be_a_secret(what.text)
    _must_say(what)
    if json and not (dry_run or yes):
        raise Invalid(
            "This cannot be undone, and with --json nobody is asked.",
            field="yes",
            hint="Add --yes, or --dry-run to see what would go.",
        )
    if not (dry_run or yes) and not typer.confirm("This cannot be undone. Forget it?"):
        raise typer.Exit(NO)

    async def use(client: LocalClient) -> int:
        if json:
            done = await output_steps.gather(client.lake.forget(what))
            print_json(output_json_lake.steps(done))
            return DONE if done and done[-1].ended and all(s.ok for s in done) else NO
        well = await output_steps.follow(client.lake.forget(what), Page(), "forgetting")
        return DONE if well else NO

    raise typer.Exit(with_client(use, home()))


def related(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="file, symbol, commit, event, ...")],
    thing: Annotated[str, typer.Argument(metavar="ID", help="A path, a name, a hash, an id.")],
    project: PROJECT = "",
    hops: Annotated[int, typer.Option(metavar="N", min=1, max=4, help="Steps away.")] = 1,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="At most.")] = 100,
    verb: Annotated[
        list[str] | None, typer.Option(metavar="V", help="Only this relation; may be repeated.")
    ] = None,
    json: JSON = False,
) -> None:
    """Show what a file, commit or failure has to do with."""
    from common.model.lake import RelatedQuery, Thing, Verb
    from developer_node.front import output_json_lake, output_lake
    from developer_node.front.output_page import Page

    one = cast("Thing", _one_of(kind, get_args(Thing), "kind"))
    verbs = tuple(_one_of(v, get_args(Verb), "verb") for v in verb or [])
    asked = RelatedQuery(one, thing, project, hops, limit, cast("tuple[Verb, ...]", verbs))

    async def use(client: LocalClient) -> int:
        found = await client.lake.related(asked)
        if json:
            print_json(output_json_lake.related(found))
        else:
            Page().show(*output_lake.related(found))
        return DONE if found.relations else NO

    raise typer.Exit(with_client(use, home()))


def _one_of(word: str, words: tuple[str, ...], name: str) -> str:
    if word not in words:
        raise Invalid(f"{word!r} is no {name}.", field=name, hint=f"Write {', '.join(words)}.")
    return word


def _secret() -> str:
    """Not as an argument: that would stay in the shell's history and be seen by others."""
    if not sys.stdin.isatty():
        return sys.stdin.read().rstrip("\n")
    import getpass

    return getpass.getpass("Whatever contains this text is forgotten (not shown): ")


def _must_be_a_secret(text: str) -> None:
    from common.model.lake import FORGOTTEN_TEXT_MIN

    if len(text) < FORGOTTEN_TEXT_MIN:
        raise Invalid(
            f"The text to forget has {len(text)} characters.",
            field="secret",
            hint=f"At least {FORGOTTEN_TEXT_MIN}: fewer are contained in almost everything.",
        )


def _must_say(what: Oblivion) -> None:
    if not (what.path or what.text or what.since_ms or what.until_ms):
        raise Invalid(
            "Say what to forget.",
            field="path",
            hint="Type --path DIR, --since T, --until T or --secret; all that is given must match.",
        )
