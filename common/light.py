"""Events without what is large in them: what was printed, patches, lists of changes."""

from __future__ import annotations

from dataclasses import replace

from common.model.event import ActDone, CommandFinished, Event, GitOperation, Output, ProofFinished


def light(event: Event) -> Event:
    """The event as a list shows it. What is left out of what was printed is counted as such."""
    match event.body:
        case CommandFinished() as command:
            ground = command.ground and replace(command.ground, changes=(), dirty=())
            failures = tuple(replace(f, imports=(), reaches=()) for f in command.failures)
            output = without_text(command.output)
            body = replace(command, output=output, ground=ground, failures=failures)
            return replace(event, body=body)
        case ProofFinished() | ActDone() as done:
            return replace(event, body=replace(done, output=without_text(done.output)))
        case GitOperation() as operation:
            commits = tuple(replace(c, patch="", changes=(), cut=True) for c in operation.commits)
            return replace(event, body=replace(operation, commits=commits))
        case _:
            return event


def without_text(output: Output) -> Output:
    """All of it is left out."""
    return replace(output, text="", bytes_dropped=output.bytes_total)
