"""What the Dragon tells, as rows of the mirror, and back."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from common.light import light
from common.model.event import (
    ActDone,
    CommandFinished,
    EditorEvent,
    Event,
    FileChanged,
    GitOperation,
    ProofFinished,
    WorkingCopySeen,
    kind_of,
)
from common.model.failure import Failure
from common.model.lake import HistoryEntry
from common.model.near import MirroredSymptom
from common.similar import Face, face
from common.wire.nouns import (
    failure_from_bytes,
    failure_to_bytes,
    symptom_from_bytes,
    symptom_to_bytes,
)
from common.wire.stored import event_from_bytes, event_to_bytes

SYMPTOM = "stamp, newest, at_ms, body"
EVENT = "cursor, project, body"

_TOKEN = re.compile(r"[a-z0-9_]+")


def symptom_row(told: MirroredSymptom) -> tuple[str, str, str, int, int, bytes, bytes]:
    """A symptom as it is kept."""
    failure = told.recollection.failure
    return (
        *(told.fingerprint, told.values, told.stamp, told.newest, told.at_ms),
        _face(failure) if failure else b"",
        zlib.compress(symptom_to_bytes(told), 1),
    )


def symptom_of(body: bytes) -> MirroredSymptom:
    """A symptom as it was told."""
    return symptom_from_bytes(zlib.decompress(body))


def face_of(data: bytes) -> Face:
    """What of a symptom is compared with a text."""
    return face(failure_from_bytes(data))


def event_row(told: HistoryEntry, epoch: str) -> tuple[Any, ...]:
    """An event as it is kept."""
    event = light(told.event)
    return (
        *(event.id, told.cursor, event.at_ms, kind_of(event.body), event.working_copy),
        *(told.project, words_of(event), epoch, event_to_bytes(event)),
    )


def entry_of(row: Iterable[Any]) -> HistoryEntry:
    """An event in a list; the columns of `EVENT`."""
    cursor, project, body = row
    return HistoryEntry(int(cursor), event_from_bytes(body), str(project))


def words_of(event: Event) -> str:
    """What an event is found under: each word between blanks."""
    match event.body:
        case CommandFinished(command=command, failures=failures):
            said = [command, *(f"{f.code} {f.message} {f.test}" for f in failures)]
        case GitOperation(operation=verb, ref=ref, message=message, commits=commits):
            said = [verb, ref, message, *(commit.subject for commit in commits)]
        case FileChanged(path=path) | WorkingCopySeen(path=path):
            said = [path]
        case EditorEvent(path=path, message=message):
            said = [path, message]
        case ProofFinished(verdict=verdict, reason=reason, command=command, test=test):
            said = [verdict, reason, command, test]
        case ActDone(action=action, sentence=sentence, command=command):
            said = [action, sentence, command]
    return f" {' '.join(dict.fromkeys(tokens(' '.join(said))))} "


def tokens(text: str) -> list[str]:
    """The words of a text, in small letters."""
    return _TOKEN.findall(text.lower())


def _face(failure: Failure) -> bytes:
    return failure_to_bytes(replace(failure, frames=(), imports=(), reaches=(), headlines=()))
