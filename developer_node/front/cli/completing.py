"""`completion`: prints, installs or removes it; and what shells ask while somebody types."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from common.errors import Invalid

if TYPE_CHECKING:
    from common.model.laptop import LaptopStatus

Shell = Literal["bash", "zsh", "fish"]


def completion(
    shell: Annotated[
        Shell | None,
        typer.Argument(metavar="SHELL", help="bash, zsh or fish; without one that of $SHELL."),
    ] = None,
    install: Annotated[
        bool, typer.Option("--install", help="Write it where the shell finds it.")
    ] = False,
    uninstall: Annotated[
        bool, typer.Option("--uninstall", help="Take away what --install wrote.")
    ] = False,
) -> None:
    """Complete commands, options and names as you type.

    bash, zsh and fish; names come from a daemon that runs anyway.
    """
    from developer_node.front.completion import installing
    from developer_node.front.completion.scripts import SCRIPTS

    if install and uninstall:
        raise Invalid("--install and --uninstall exclude each other.", field="install")
    chosen = shell or _own_shell()
    if install:
        sys.stdout.write("".join(f"{said}\n" for said in installing.install(chosen)))
    elif uninstall:
        said = installing.uninstall(chosen) or ["There was nothing to take away."]
        sys.stdout.write("".join(f"{each}\n" for each in said))
    else:
        sys.stdout.write(SCRIPTS[chosen])


def _own_shell() -> Shell:
    name = os.path.basename(os.environ.get("SHELL", ""))
    for known in ("bash", "zsh", "fish"):
        if name == known:
            return known
    raise Invalid("Which shell?", field="shell", hint="Type: postdevai completion bash")


def complete(words: Sequence[str]) -> int:
    """A line for each word that may come next: the word, a tab, what it means."""
    from developer_node.front.completion.candidates import candidates

    for word, means in candidates(words, _status):
        sys.stdout.write(f"{word}\t{means}\n" if means else f"{word}\n")
    return 0


def _status() -> LaptopStatus | None:
    """What a daemon says that runs anyway; None without one."""
    from common.daemon.home import Home
    from common.errors import PostDevAIError
    from developer_node.front.local_once import status_once

    try:
        return status_once(Home.from_env())
    except PostDevAIError:
        return None
