"""A place in the servers for the state of one mesh."""

from __future__ import annotations

from common.errors import Unavailable
from coordinator_node.engine.jetstream.link import Link, Refused
from coordinator_node.engine.jetstream.names import state_stream
from coordinator_node.engine.jetstream.state import GONE_S


async def make_space(link: Link, space: str, *, replicas: int, first_seq: int = 1) -> None:
    """A new space whose revisions and epochs begin there; Unavailable when it cannot be made."""
    name = state_stream(space)
    try:
        await link.ask(
            f"STREAM.CREATE.{name}",
            **stream_settings(name, replicas),
            subjects=[f"{space}.>"],
            max_msgs_per_subject=1,
            allow_msg_ttl=True,
            allow_rollup_hdrs=True,
            subject_delete_marker_ttl=GONE_S * 1_000_000_000,
            first_seq=first_seq,
        )
    except Refused as error:
        raise Unavailable(
            f"the engine's servers cannot keep {replicas} copies of the state: {error}",
            hint="start all of them, each with the others' addresses",
        ) from error


def stream_settings(name: str, replicas: int) -> dict[str, object]:
    """What every stream of the engine has."""
    return {
        "name": name,
        "retention": "limits",
        "storage": "file",
        "discard": "new",
        "num_replicas": replicas,
        "max_consumers": -1,
        "max_msgs": -1,
        "max_bytes": -1,
        "max_age": 0,
        "max_msg_size": -1,
        "duplicate_window": 120_000_000_000,
    }
