"""Where shared state lies in the engine: a log of deltas, and a picture of what came before.

log shared             one delta a line, as the laptops sent them
kv  shared/head        {"seq", "id", "parts", "pruned"}: the newest picture, and up to which line
kv  shared/part/ID/N   the picture, in deltas small enough for the engine
A picture is whole before the head names it, and lines go only after that.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import cast

from common.errors import Conflict, Corrupt, PostDevAIError
from common.model.ids import NodeId
from common.model.shared import Vector
from common.shared.state import State
from common.wire.shared import delta_from_bytes, delta_to_bytes
from coordinator_node.engine.ports import Engine, Line

LOG = "shared"
HEAD = "shared/head"
PARTS = "shared/part/"
PART_BYTES = 256 << 10
READ_LINES = 200
TAIL_LINES = 100
"""Kept behind a picture, so that another Coordinator that is a little behind reads on."""
TRIES = 5
"""A picture that is replaced while it is read is read again."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A state as it was after a line."""

    state: State
    seq: int


async def latest(engine: Engine) -> Picture:
    """The newest picture; an empty one where there is none. Corrupt when it is not whole."""
    for _ in range(TRIES):
        entry = await engine.kv.get(HEAD)
        if entry is None:
            return Picture(State(), 0)
        head = json.loads(entry.value)
        state = State()
        for n in range(head["parts"]):
            part = await engine.kv.get(_part(head["id"], n))
            if part is None:
                break
            state.merge(delta_from_bytes(part.value))
        else:
            state.pruned = cast("dict[NodeId, int]", dict(head["pruned"]))
            return Picture(state, head["seq"])
    raise Corrupt("the picture of what laptops share is not whole in the Coordinator's engine")


async def keep(engine: Engine, state: State, seq: int) -> None:
    """Writes the picture of a state, and lets go of the lines before it. Nothing when another
    Coordinator does the same now."""
    before = await engine.kv.get(HEAD)
    if before is not None and json.loads(before.value)["seq"] >= seq:
        return
    own, parts, vector = os.urandom(8).hex(), 0, cast("Vector", {})
    while True:
        delta = state.lacking(vector, PART_BYTES)
        await engine.kv.put(_part(own, parts), delta_to_bytes(delta))
        parts, vector = parts + 1, delta.upto
        if not delta.more:
            break
    head = {"seq": seq, "id": own, "parts": parts, "pruned": state.pruned}
    try:
        expected = before.revision if before else 0
        await engine.kv.put(HEAD, json.dumps(head).encode(), expected=expected)
    except Conflict:
        await _remove(engine, own, matching=True)
        return
    await engine.log.truncate(LOG, max(0, seq - TAIL_LINES))
    await _remove(engine, own, matching=False)


async def after(engine: Engine, seq: int) -> tuple[Line, ...] | None:
    """The lines after one, some at a time; None when the next ones are in a picture only."""
    lines = await engine.log.read(LOG, seq, READ_LINES)
    if lines:
        return lines if lines[0].seq == seq + 1 else None
    return () if await engine.log.last(LOG) <= seq else None


def apply(state: State, line: Line) -> None:
    """What the line says; one that cannot be read any more is an error that names it."""
    try:
        state.merge(delta_from_bytes(line.data))
    except PostDevAIError as error:
        raise Corrupt(f"line {line.seq} of the log {LOG}: {error.message}") from error


async def _remove(engine: Engine, own: str, *, matching: bool) -> None:
    for part in await engine.kv.entries(PARTS):
        if part.key.startswith(f"{PARTS}{own}/") is matching:
            await engine.kv.remove(part.key)


def _part(own: str, n: int) -> str:
    return f"{PARTS}{own}/{n:04d}"
