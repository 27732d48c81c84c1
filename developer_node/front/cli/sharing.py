"""What `settings`, `pins` and `notes` have in common: which project is meant, and one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from common.errors import Invalid

SCOPE = Annotated[
    str, typer.Option("--project", metavar="P", help="Another project than the one here.")
]
EVERYWHERE = Annotated[bool, typer.Option("--everywhere", help="For every project.")]


def scope(project: str, everywhere: bool | None) -> str:
    """The name under which laptops know the project: its remote, as github.com/ada/thing.

    `everywhere` is None where a thing is always one project's.
    """
    from developer_node.text.shared_scope import scope_of

    if project and everywhere:
        raise Invalid("--project and --everywhere exclude each other.", field="project")
    if everywhere:
        return ""
    found = project or scope_of(Path.cwd())
    if not found:
        raise Invalid(
            "No remote tells here which project is meant.",
            field="project",
            hint="Add --project NAME."
            if everywhere is None
            else "Add --project NAME, or --everywhere.",
        )
    return found
