"""A machine that records for this mesh no longer: only once nothing waits here for a Dragon.

Its last word is to the Coordinator: that it is put out, whoever may have a copy of its key.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

from common.clients.authority import last_word
from common.daemon.elsewhere import went
from common.daemon.home import Home
from common.errors import Conflict, Missing
from common.rpc.credentials import NodeIdentity
from developer_node.outbox.outbox import Outbox
from developer_node.text import spool

KEYS = ("identity*", "word.json", "routes.json", "ready.json", "token", "mcp-token")
"""What lets in at this mesh, or was remembered of it."""
OWNERS_KEY = "owner.key"
HINT = "It goes once a Dragon has it: postdevai up, then postdevai status"


async def leave(home: Home) -> str:
    """Takes the mesh's keys out of HOME/developer and puts the rest aside; what was done.

    The daemon must have stopped. Conflict while something waits that no Dragon has.
    """
    directory = home.root / "developer"
    if not (directory / "identity" / "leaf.pem").is_file():
        raise Missing(f"this machine records for no mesh in {home.root}")
    if (directory / OWNERS_KEY).exists():
        raise Conflict(
            "this laptop holds the owner's key, which no other one has",
            hint="The other machines leave. To end all of it: postdevai uninstall --everything",
        )
    identity = await NodeIdentity.open(directory / "identity")
    if waits := await _waiting(directory):
        noun = "record waits" if waits == 1 else "records wait"
        raise Conflict(f"{waits:,} {noun} here that no Dragon has", hint=HINT)
    aside = await asyncio.to_thread(_put_aside, home, directory)
    return (
        f"Everything recorded here is with its Dragon. The keys of the mesh are removed; the rest "
        f"is kept in {aside}.\n{await last_word(identity)}"
    )


async def _waiting(directory: Path) -> int:
    spooled = len(await asyncio.to_thread(spool.waiting, directory / "spool"))
    if not (directory / "outbox.db").exists():
        return spooled
    async with Outbox.open(directory / "outbox.db") as outbox:
        return spooled + (await outbox.status()).waiting


def _put_aside(home: Home, directory: Path) -> Path:
    for path in [path for name in KEYS for path in directory.glob(name)]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    now = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    aside = home.root / f"developer-left-{now}"
    went(home, ("developer",))
    directory.rename(aside)
    return aside
