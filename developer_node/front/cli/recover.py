"""`revoke` and `recover`: when a laptop, a node or the Coordinator's keys are lost."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from developer_node.front.cli.refusal import DONE, with_client
from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from developer_node.front.local_client import LocalClient

NODE = Annotated[
    str,
    typer.Argument(metavar="NODE", help="Its id, or its beginning, as in `postdevai nodes`."),
]


def revoke(node: NODE, json: JSON = False) -> None:
    """Put a node out for good: refused everywhere, its streams ended, never renewed."""

    async def use(client: LocalClient) -> int:
        node_id, role = await client.authority.revoke(node)
        if json:
            print_json({"id": node_id, "role": role})
        else:
            sys.stdout.write(f"The {role} {node_id} is no longer welcome.\n")
        return DONE

    raise typer.Exit(with_client(use, home()))


def recover(
    node: Annotated[
        str, typer.Argument(metavar="NODE", help="The lost node's id, or its beginning.")
    ] = "",
    keys: Annotated[
        bool, typer.Option("--keys", help="The Coordinator's keys are lost or stolen.")
    ] = False,
    leave: Annotated[
        bool, typer.Option("--leave", help="Put this machine's certificates aside, to join anew.")
    ] = False,
    json: JSON = False,
) -> None:
    """Recover from a lost laptop, or from lost keys; docs/security.md has the steps."""
    from common.errors import Missing
    from developer_node.front import recovering

    at = home()
    if (bool(node), keys, leave).count(True) != 1:
        raise typer.BadParameter("say one: the lost NODE, --keys, or --leave")
    if not leave and not recovering.is_here(at):
        raise Missing(
            "the Coordinator's files are not on this machine",
            hint="type it where they are; `postdevai revoke NODE` works from an admin's laptop",
        )
    if node:
        done = asyncio.run(recovering.replace(at, node))
        if json:
            print_json(done.as_json())
        else:
            sys.stdout.write(done.sentence)
        return
    aside = asyncio.run(recovering.rekey(at)) if keys else recovering.leave(at)
    if json:
        print_json({"aside": [str(each) for each in aside]})
        return
    if keys:
        sys.stdout.write("The mesh has new keys, and nobody is let in by the old ones.\n")
    for each in aside:
        sys.stdout.write(f"Put aside: {each}\n")
    then = "postdevai up" if keys else "postdevai join CODE, then postdevai up"
    sys.stdout.write(f"Next: {then}\n")
