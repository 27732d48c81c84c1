"""What is meant when a person names none: the last failure of the project one stands in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import Missing

if TYPE_CHECKING:
    from common.model.failure import Failure, Recollection, Remedy
    from developer_node.front.local_client import LocalClient

COMMANDS_MAX = 1000
"""Of this working copy, the newest, in which its last failure is looked for."""
HEADLINE_CHARACTERS_MAX = 120


async def best_of_last(client: LocalClient) -> tuple[str, str]:
    """The best remedy's id, and a sentence that names it and what it mends."""
    known, where = await _last(client, os.getcwd())
    if not known.remedies:
        raise Missing(
            f"The last failure{where} has no remedy: {known.note or 'none is known'}.",
            hint="Name one: `postdevai recall --json` tells their ids.",
        )
    best = next((each for each in known.remedies if each.state != "rejected"), None)
    if best is None:
        rejected = known.remedies[0]
        raise Missing(
            f"The last failure{where} has no other remedy than one that was rejected:"
            f" {rejected.label}.",
            hint=f"To have it all the same, name it: {rejected.id}",
        )
    return best.id, _named(known, best, where)


def headline(failure: Failure | None) -> str:
    """A failure in a line."""
    if failure is None:
        return "a failure"
    first = (failure.message.strip().splitlines() or [failure.code])[0]
    words = ": ".join(filter(None, (failure.test or failure.tool, first)))
    return words if len(words) <= HEADLINE_CHARACTERS_MAX else f"{words[:HEADLINE_CHARACTERS_MAX]}…"


def _named(known: Recollection, remedy: Remedy, where: str) -> str:
    label = f" ({remedy.label})" if remedy.label else ""
    return f"Taken: the {remedy.state} remedy{label} of the last failure{where}: " + headline(
        known.failure
    )


async def _last(client: LocalClient, cwd: str) -> tuple[Recollection, str]:
    """What is known of it, and where it was."""
    from developer_node.text.working_copy import find_root

    root = find_root(Path(cwd))
    if root is not None and (failure := await _failure_in(client, root)) is not None:
        return await client.recall(fingerprint=failure.fingerprint), " here"
    return await client.recall(last=True), " anywhere, as none is known here"


async def _failure_in(client: LocalClient, root: Path) -> Failure | None:
    """Of the newest command that failed in this working copy."""
    from common.model.event import CommandFinished
    from common.model.lake import HistoryQuery

    asked = HistoryQuery(limit=COMMANDS_MAX, kind="command", working_copy=os.fspath(root))
    for entry in (await client.history(asked)).entries:
        body = entry.event.body
        if isinstance(body, CommandFinished) and body.failures:
            return body.failures[0]
    return None
