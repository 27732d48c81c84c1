"""`nodes route`, `nodes pin` and `nodes unpin`: which node does what, and why."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from developer_node.front.cli.refusal import DONE, NO, with_client
from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from common.model.node import Node
    from developer_node.front.local_client import LocalClient

PROJECT = Annotated[
    str,
    typer.Argument(metavar="PROJECT", help="Its name, its id, or the path of its repository."),
]


def route(
    what: Annotated[
        str,
        typer.Argument(
            metavar="PROJECT|CAPABILITY",
            help="A project's name, id or path; or lake, assistant, inference.",
        ),
    ],
    model: Annotated[
        str, typer.Option("--model", metavar="M", help="For inference with this model.")
    ] = "",
    explain: Annotated[
        bool, typer.Option("--explain", help="Tell of every node, and why it was left out.")
    ] = False,
    json: JSON = False,
) -> None:
    """Tell which node would do a piece of work, and why."""
    from common.model.node import Capability

    async def use(client: LocalClient) -> int:
        from developer_node.front import output_routes
        from developer_node.front.output_page import Page

        capability, project, said = what, "", what
        if what not in get_args(Capability):
            capability = "inference" if model else "lake"
            project, name = await project_of(client, what)
            said = f"project {name or project}"
        if model:
            said += f" with {model}"
        explained = await client.routes.explain(capability, project, model)
        if json:
            asked = {"capability": capability, "project": project or None, "model": model or None}
            print_json(output_routes.as_json(asked, explained))
        else:
            Page().show(*output_routes.page(said, explained, everybody=explain))
        return DONE if any(each.rank for each in explained.nodes) else NO

    raise typer.Exit(with_client(use, home()))


def pin(
    project: PROJECT,
    node: Annotated[str, typer.Argument(metavar="NODE", help="A Dragon's id, or how it begins.")],
    json: JSON = False,
) -> None:
    """Keep a project at a Dragon; one that does not hold it copies all of it first."""

    async def use(client: LocalClient) -> int:
        found, name = await project_of(client, project)
        dragon = _dragon(node, await client.nodes())
        moved = await client.routes.pin(found, dragon)
        if json:
            print_json({"project": found, "node": dragon, "moved": moved})
        else:
            how = "was copied and is pinned" if moved else "is pinned"
            sys.stdout.write(f"Project {name or found} {how} to Dragon {dragon}.\n")
        return DONE

    raise typer.Exit(with_client(use, home()))


def unpin(project: PROJECT, json: JSON = False) -> None:
    """Let the mesh place a project again."""

    async def use(client: LocalClient) -> int:
        found, name = await project_of(client, project)
        await client.routes.unpin(found)
        if json:
            print_json({"project": found, "node": None})
        else:
            sys.stdout.write(f"Project {name or found} is pinned no longer.\n")
        return DONE

    raise typer.Exit(with_client(use, home()))


async def project_of(client: LocalClient, said: str) -> tuple[str, str]:
    """Id and name; the name is empty where the Dragon that knows it is away."""
    from common.errors import Missing, Unavailable
    from developer_node.front.projects import find_project, is_project_id

    lake = (await client.status()).lake
    if lake is not None:
        try:
            found = find_project(said, lake)
        except Missing:  # a Dragon that is away may hold it
            if not any(said in node.projects for node in await client.nodes()):
                raise
            return said, ""
        return found.id, found.name
    if is_project_id(said):
        return said, ""
    raise Unavailable(
        "no Dragon answers, and only they know the names of projects",
        hint="Give the project's id, or start the Dragon with: postdevai up",
    )


def _dragon(said: str, nodes: tuple[Node, ...]) -> str:
    """The one Dragon whose id begins so."""
    from common.short_ids import meant

    return meant(said, [each.id for each in nodes if each.role == "dragon"])
