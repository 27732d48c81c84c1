"""What several commands share: their common options, their HOME, their way of printing data."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from common.daemon.home import Home

JSON = Annotated[bool, typer.Option("--json", help="Print data for scripts (docs/cli.md).")]
PROJECT = Annotated[str, typer.Option(metavar="P", help="Only this project.")]


def home() -> Home:
    """POSTDEVAI_HOME, or ~/.postdevai."""
    from common.daemon.home import Home

    return Home.from_env()


def print_json(data: dict[str, Any]) -> None:
    """One document, indented, in UTF-8 whatever the locale says."""
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.flush()
