"""`renew`: a tool's certificate before it ends, or up to 90 days after."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from developer_node.front.cli.words import JSON, print_json


def renew(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where `join --to DIR` put the certificates.")
    ],
    json: JSON = False,
) -> None:
    """Renew the certificate of a tool before it ends."""
    from common.errors import Missing
    from common.rpc.credentials import NodeIdentity
    from developer_node.front.joining import put_beside
    from developer_node.front.output_words import iso

    at = directory.expanduser().absolute()
    if not (at / "leaf.pem").is_file():
        raise Missing(
            f"no certificates are in {at}",
            hint=f"Ask for a code with: postdevai invite tool; then: postdevai join CODE --to {at}",
        )

    async def renewed() -> NodeIdentity:
        found = await NodeIdentity.open(at)
        await asyncio.to_thread(put_beside, at, found.mesh)
        return found

    own = asyncio.run(renewed())
    until, again = iso(own.credential.not_after_ms), iso(own.renew_at_ms)
    if json:
        print_json({"id": own.identity.id, "valid_until": until, "renew_from": again})
        return
    sys.stdout.write(
        f"Valid until {until} by its own dates; renewed from {again} on. Whether the mesh still "
        "takes it, the owner sees: postdevai nodes\n"
    )
