"""From a finished command to its failures: gate on exit codes, parse, fingerprint."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

from common import fingerprint
from common.model.event import CommandFinished
from common.model.failure import Failure
from common.model.ids import Fingerprint
from developer_node.text.imports import Imports
from developer_node.text.parsers import known, python
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

FAILURES_MAX = 50
"""A run: the first that are printed; a run with more has one cause that shows early."""

_SIGPIPE = 128 + signal.SIGPIPE
_NO_TESTS = 5
"""pytest's exit code when it collected nothing."""


def interpret(command: CommandFinished, root: str) -> CommandFinished:
    """The command with its failures and its test report; its output is redacted already.

    A command that ended well has no failures, whatever it printed.
    """
    place = _place(command.cwd, root)
    symptoms, tests = known.parse(command.output.text, command.command, place)
    if not failed(command.exit_codes):
        return replace(command, failures=(), tests=tests)
    found = [_failure(s, place) for s in symptoms[:FAILURES_MAX]]
    imports = Imports(place.root, place.cwd)
    return replace(command, failures=tuple(_with_imports(f, imports) for f in found), tests=tests)


def from_text(text: str, cwd: str, root: str) -> Failure | None:
    """The first failure in a text that somebody pasted; None when nothing in it is known."""
    place = _place(cwd, root)
    symptoms, _ = known.parse(text, "", place)
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


def _failure(symptom: Symptom, place: Place) -> Failure:
    complaint = symptom.complaint
    frames = tuple(place.frame(f) for f in complaint.frames)
    normalised, values = _normalised(symptom, place.root)
    return Failure(
        tool=symptom.tool,
        code=complaint.code,
        kind=symptom.kind or "runtime",
        message=complaint.message,
        normalised=normalised,
        test=symptom.test,
        frames=frames,
        fingerprint=fingerprint.fingerprint(symptom.tool, complaint.code, normalised, frames),
        values=fingerprint.values_hash(values),
        rules_version=fingerprint.RULES_VERSION,
    )


def _with_imports(failure: Failure, imports: Imports) -> Failure:
    """An assertion has no frame but the test's: what the test imports is the next best evidence."""
    found = imports.of(failure.test)
    return replace(failure, imports=found.imports, reaches=found.reaches)


def _normalised(symptom: Symptom, root: str) -> tuple[str, tuple[str, ...]]:
    """The message and what caused it: a wrapper's words alone would hide two different causes."""
    texts: list[str] = []
    values: list[str] = []
    for complaint in (symptom.complaint, *reversed(symptom.causes)):
        text, found = _normalised_headline(complaint, root)
        texts.append(text if complaint is symptom.complaint else f"from {complaint.code}: {text}")
        values += found
    return "; ".join(texts), tuple(values)


def _normalised_headline(complaint: Complaint, root: str) -> tuple[str, list[str]]:
    texts: list[str] = []
    values: list[str] = []
    for line in complaint.headline.split("\n"):
        text, found = fingerprint.normalise(line, root)
        texts.append(text)
        values += found
    return "; ".join(texts), values
