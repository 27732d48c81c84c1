"""From a finished command to its failures: gate on exit codes, parse, fingerprint."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from itertools import islice

from common import fingerprint
from common.model.event import CommandFinished
from common.model.failure import Failure
from common.model.ids import Fingerprint
from developer_node.text import during
from developer_node.text.imports import Imports
from developer_node.text.looking import only_looks
from developer_node.text.parsers import known, python
from developer_node.text.parsers.symptom import Place, Symptom

FAILURES_MAX = 50
"""A run: the first that are printed; a run with more has one cause that shows early."""

FRAMES_MAX = 64
"""A failure: the innermost; three of them are part of its identity."""
MESSAGE_CHARS_MAX = 4000
HEADLINE_CHARS_MAX = 2000
CAUSES_MAX = 4
CAUSE_CHARS_MAX = 500
"""What differs only beyond these is told apart no more."""

_SIGPIPE = 128 + signal.SIGPIPE
_STOPS = frozenset(128 + s for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
_NO_TESTS = 5
"""pytest's exit code when it collected nothing."""


def interpret(command: CommandFinished, root: str) -> CommandFinished:
    """The command with its failures and its test report; its output is redacted already.

    A command that ended well has no failures, whatever it printed.
    """
    place = _place(command.cwd, root)
    if command.running or _stopped(command.exit_codes):
        return _interpret_running(command, place)
    said = command.command
    parsers = known.own_words(said) if only_looks(said) else known.PARSERS
    symptoms, tests = known.parse(command.output.text, said, place, parsers)
    if not failed(command.exit_codes):
        return replace(command, failures=(), tests=tests)
    if command.run:
        # What a request or a cycle left behind was told while it ran, and it did not die of it.
        # A test's failure is told again: a slow runner is quiet for a moment before it ends.
        told, _ = during.parse(command.output.text, command.command, place)
        symptoms = _without(symptoms, [s for s in told if s.kind != "test"])
    found = [_failure(s, place, command.command) for s in symptoms[:FAILURES_MAX]]
    imports = Imports(place.root, place.cwd)
    return replace(command, failures=tuple(_with_imports(f, imports) for f in found), tests=tests)


def _interpret_running(command: CommandFinished, place: Place) -> CommandFinished:
    """No exit code has spoken, or it only says that a person stopped the program."""
    if command.run and not command.running:
        return replace(command, failures=(), tests=None)  # its parts have told all
    symptoms, tests = during.parse(command.output.text, command.command, place)
    found = [_failure(s, place, command.command) for s in symptoms[:FAILURES_MAX]]
    return replace(command, failures=tuple(replace(f, during=True) for f in found), tests=tests)


def _stopped(exit_codes: tuple[int, ...]) -> bool:
    """By Ctrl-C, by a closed window or by a polite kill."""
    return bool(exit_codes) and exit_codes[-1] in _STOPS


def _without(symptoms: list[Symptom], told: list[Symptom]) -> list[Symptom]:
    known_already = {s.complaint for s in told}
    return [s for s in symptoms if s.complaint not in known_already]


def from_text(text: str, cwd: str, root: str) -> Failure | None:
    """The first failure in a text that somebody pasted; None when nothing in it is known."""
    place = _place(cwd, root)
    symptoms, _ = known.parse(text, "", place, known.SURE)
    if symptoms:
        return _failure(symptoms[0], place)
    headline = python.headline(text)
    # Where it happened is not known, so it is identical to none: it may only be worded alike.
    return replace(_failure(headline, place), fingerprint=Fingerprint("")) if headline else None


def failed(exit_codes: tuple[int, ...]) -> bool:
    """Whether a pipeline failed; a reader that left early (SIGPIPE) is no failure of the writer."""
    *writers, last = exit_codes or (0,)
    return last not in (0, _NO_TESTS) or any(c not in (0, _NO_TESTS, _SIGPIPE) for c in writers)


def _place(cwd: str, root: str) -> Place:
    return Place.of(os.path.normpath(cwd) if cwd else "", os.path.normpath(root) if root else "")


def _failure(symptom: Symptom, place: Place, command: str = "") -> Failure:
    complaint = symptom.complaint
    frames = tuple(place.frame(f) for f in complaint.frames[-FRAMES_MAX:])
    headlines = _headlines(symptom, place)
    identity = fingerprint.identity(
        symptom.tool, complaint.code, headlines, frames, symptom.test, command
    )
    return Failure(
        tool=symptom.tool,
        code=complaint.code,
        kind=symptom.kind or "runtime",
        message=complaint.message[:MESSAGE_CHARS_MAX],
        normalised=identity.normalised,
        test=symptom.test,
        frames=frames,
        fingerprint=identity.fingerprint,
        values=identity.values,
        rules_version=fingerprint.RULES_VERSION,
        headlines=headlines,
    )


def _headlines(symptom: Symptom, place: Place) -> tuple[str, ...]:
    """What the identity is made of, short enough to be kept; the nearest causes first."""
    own = place.unrooted(symptom.complaint.headline)[:HEADLINE_CHARS_MAX]
    causes = (f"{c.code}: {place.unrooted(c.headline)}" for c in reversed(symptom.causes))
    return (own, *(c[:CAUSE_CHARS_MAX] for c in islice(causes, CAUSES_MAX)))


def _with_imports(failure: Failure, imports: Imports) -> Failure:
    """An assertion has no frame but the test's: what the test imports is the next best evidence."""
    found = imports.of(failure.test)
    return replace(failure, imports=found.imports, reaches=found.reaches)
