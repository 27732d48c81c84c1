"""`owner`: the key that signs whose sealing key is whose, kept off every Coordinator."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from developer_node.front.cli.refusal import DONE, with_client
from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from developer_node.front.local_client import LocalClient


def group() -> typer.Typer:
    """`owner`, which shows the key, and its commands."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback(invoke_without_command=True)(owner)
    for command in (init, sign, trust, key):
        app.command()(command)
    return app


def owner(context: typer.Context, json: JSON = False) -> None:
    """Show the owner's key, and which sealing keys it has signed."""
    if context.invoked_subcommand is not None:
        return

    async def use(client: LocalClient) -> int:
        from developer_node.front import output_owner
        from developer_node.front.output_page import Page

        now = await client.owner.state()
        if json:
            print_json(output_owner.as_json(now))
        else:
            Page().show(*output_owner.page(now))
        return DONE

    raise typer.Exit(with_client(use, home()))


def init(json: JSON = False) -> None:
    """Make the owner's key on this laptop."""

    async def use(client: LocalClient) -> int:
        fingerprint = await client.owner.init()
        if json:
            print_json({"fingerprint": fingerprint})
        else:
            sys.stdout.write(f"The owner's key is on this laptop: {fingerprint}\n")
        return DONE

    raise typer.Exit(with_client(use, home()))


def sign(
    node: Annotated[str, typer.Argument(metavar="NODE", help="The node's id, or how it begins.")],
    key: Annotated[
        str,
        typer.Option(
            "--key", metavar="FINGERPRINT", help="As `postdevai owner key` shows it over there."
        ),
    ],
    json: JSON = False,
) -> None:
    """Sign a node's sealing key, which you have compared."""
    from common.errors import Missing

    async def use(client: LocalClient) -> int:
        now = await client.owner.state()
        found = [each for each in now.keys if each.id.startswith(node)]
        if len(found) != 1:
            many = "no node" if not found else f"{len(found)} nodes"
            raise Missing(f"{many} with a sealing key begins with {node}", hint="postdevai owner")
        signed = await client.owner.sign(found[0].id, key)
        if json:
            print_json({"id": signed.id, "state": signed.state, "fingerprint": signed.fingerprint})
        else:
            sys.stdout.write(f"Signed the sealing key of {signed.role} {signed.id}.\n")
        return DONE

    raise typer.Exit(with_client(use, home()))


def trust(
    public_key: Annotated[
        str, typer.Argument(metavar="KEY", help="What `owner` prints on the owner's laptop.")
    ],
    json: JSON = False,
) -> None:
    """Take a key for the owner's, on a laptop that joined without it."""

    async def use(client: LocalClient) -> int:
        fingerprint = await client.owner.trust(public_key)
        if json:
            print_json({"fingerprint": fingerprint})
        else:
            sys.stdout.write(f"This laptop takes for the owner: {fingerprint}\n")
        return DONE

    raise typer.Exit(with_client(use, home()))


def key(json: JSON = False) -> None:
    """Show the sealing key of the Dragon on this machine, to compare."""
    from common.errors import Missing
    from common.rpc.sealed.statement import fingerprint

    root = home().root
    public = _public(root / "dragon" / "identity" / "sealing.key")
    if public is None:
        raise Missing(f"no Dragon of {root} has a sealing key", hint="start it: postdevai up")
    if json:
        print_json({"fingerprint": fingerprint(public)})
    else:
        sys.stdout.write(fingerprint(public) + "\n")


def _public(path: Path) -> bytes | None:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    try:
        private = X25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text("ascii")))
    except (OSError, ValueError):
        return None
    return private.public_key().public_bytes_raw()
