"""A finished command, or a part of a running one, becomes an event in the spool."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

from common.model.event import CommandFinished, Event, Output, Recorder
from common.model.ids import EventId, new_event_id
from developer_node.front.shell.ground import finish
from developer_node.front.shell.kept_output import KeptOutput
from developer_node.front.shell.start import Start
from developer_node.text import spool
from developer_node.text.redaction import redact, redact_bytes

COMMAND_CHARACTERS_MAX = 32768


@dataclass(frozen=True, slots=True)
class Facts:
    """What the recorder saw of a command."""

    command: str
    cwd: str
    exit_codes: tuple[int, ...]
    duration_ms: int
    output: KeptOutput
    recorder: Recorder
    ci: bool
    run: EventId = EventId("")
    running: bool = False
    with_output: bool = True
    """False where the person wants no output kept: its size is, and nothing else."""
    late: str = ""
    """Why the ground is not that of before the command; empty when it is."""


def write(home: Path, start: Start, facts: Facts) -> None:
    """Redacts, completes the ground and puts the event on disk; see spool.write for its errors."""
    text = redact(facts.output.text()) if facts.with_output else ""
    dropped = facts.output.dropped if facts.with_output else facts.output.total
    with finish(start, redact_bytes) as done:
        late = (facts.late,) if facts.late else ()
        body = CommandFinished(
            command=redact(readable(facts.command))[:COMMAND_CHARACTERS_MAX],
            cwd=readable(facts.cwd),
            exit_codes=facts.exit_codes,
            duration_ms=facts.duration_ms,
            output=Output(text, facts.output.total, dropped),
            ground=replace(done.ground, cut=(*done.ground.cut, *late)),
            recorder=facts.recorder,
            ci=facts.ci,
            run=facts.run,
            running=facts.running,
        )
        at_ms = time.time_ns() // 1_000_000
        event = Event(new_event_id(), at_ms, start.working_copy, body)
        spool.write(home / "developer" / "spool", event, done.blobs)


def readable(text: str) -> str:
    """Text without bytes that no encoding knows."""
    return os.fsencode(text).decode("utf-8", "replace")
