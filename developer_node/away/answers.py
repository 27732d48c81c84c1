"""Answers that the Dragon gave, kept for the time when it is away: at most 500, each sealed.

HOME/developer/answers/NAME   one answer; NAME is a keyed hash of the question and its scope

Only an answer whose evidence still holds is given again; that is looked at when it is asked for.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from common.daemon.files import write_private
from common.daemon.keys import SealingKey
from common.errors import Corrupt, Denied
from common.model.answer import AskRequest, Hit
from common.sealed import seal, unseal

MAGIC = b"pdvanswr"
ANSWERS_MAX = 500
ANSWER_BYTES_MAX = 256 << 10


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer and what it rests on."""

    question: str
    answer: str
    model: str
    at_ms: int
    passages: tuple[Hit, ...]
    cited: tuple[int, ...]
    """Numbers of the passages that it names, from 1."""

    @property
    def evidence(self) -> tuple[Hit, ...]:
        """What must be unchanged: what it cites, or all when it cites nothing."""
        cited = tuple(self.passages[n - 1] for n in self.cited if n <= len(self.passages))
        return cited or self.passages


class Answers:
    """On disk; its methods block."""

    def __init__(self, directory: Path, key: SealingKey) -> None:
        self.directory = directory
        self._key = key

    def keep(self, request: AskRequest, answer: Answer) -> None:
        """In place of an earlier one; the oldest beyond 500 go. What is too large is not kept."""
        plain = json.dumps(asdict(answer)).encode()
        if len(plain) > ANSWER_BYTES_MAX or not is_plain(request):
            return
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._file(request), seal(self._key, MAGIC, plain))
        kept = sorted(self.directory.iterdir(), key=lambda f: f.stat().st_mtime_ns)
        for file in kept[: max(0, len(kept) - ANSWERS_MAX)]:
            file.unlink(missing_ok=True)

    def find(self, request: AskRequest, holds: Callable[[Hit], bool]) -> Answer | None:
        """The answer to this question in this scope, if all that it rests on still holds."""
        if not is_plain(request):
            return None
        file = self._file(request)
        try:
            plain = unseal(self._key, MAGIC, file.read_bytes(), file.name)
            found = _from_json(json.loads(plain))
        except FileNotFoundError:
            return None
        except (Corrupt, Denied, ValueError, TypeError, KeyError):
            with suppress(OSError):
                file.unlink()  # it can be asked again
            return None
        return found if found.evidence and all(map(holds, found.evidence)) else None

    def forget(self) -> int:
        """Removes every answer; how many. Which of them hold what is forgotten is not looked at:
        they can be asked again."""
        many = 0
        for file in self.directory.iterdir() if self.directory.is_dir() else ():
            file.unlink(missing_ok=True)
            many += 1
        return many

    def kept(self) -> tuple[int, int]:
        """How many, and their bytes."""
        sizes = [f.stat().st_size for f in self._files()]
        return len(sizes), sum(sizes)

    def _files(self) -> list[Path]:
        return list(self.directory.iterdir()) if self.directory.is_dir() else []

    def _file(self, request: AskRequest) -> Path:
        question = " ".join(request.question.lower().split())
        scope = json.dumps([question, request.project, request.model, request.excluded])
        key = self._key.derived("pdv answer name")
        name = hashlib.blake2b(os.fsencode(scope), key=key, digest_size=16).hexdigest()
        return self.directory / name


def is_plain(request: AskRequest) -> bool:
    """Whether the question says all that the answer depends on."""
    return not (request.before or request.preview or request.note or request.pinned)


def _from_json(kept: dict[str, Any]) -> Answer:
    hits = tuple(_hit(each) for each in kept["passages"])
    numbers = tuple(int(n) for n in kept["cited"])
    said = (str(kept["question"]), str(kept["answer"]), str(kept["model"]), int(kept["at_ms"]))
    return Answer(*said, passages=hits, cited=numbers)


def _hit(kept: dict[str, Any]) -> Hit:
    fields: dict[str, Any] = kept | {"why": tuple(kept["why"])}
    return Hit(**fields)
