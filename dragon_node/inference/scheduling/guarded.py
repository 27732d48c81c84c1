"""A source whose faults are those of one model: they end who asked for it, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dragon_node.inference.engines.engine import Opening, VectorOpening
from dragon_node.inference.reading.prompted import Prompted, Speech
from dragon_node.inference.scheduling.endings import understood
from dragon_node.inference.scheduling.source import Needs, Source

T = TypeVar("T")


class Guarded:
    """Raises errors with a meaning, and no others."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def slots(self, name: str) -> int:
        """See Source."""
        return _ask(lambda: self._source.slots(name), f"{name} does not say its slots")

    def needs(self, name: str) -> Needs:
        """See Source."""
        return _ask(lambda: self._source.needs(name), f"{name} does not say what it needs")

    def stamp(self, name: str) -> str:
        """See Source."""
        return _ask(lambda: self._source.stamp(name), f"{name} does not say of which files it is")

    def opening(self, name: str) -> Opening | VectorOpening:
        """See Source."""
        return _ask(lambda: self._source.opening(name), f"{name} does not load")

    def speech(self, name: str, prompted: Prompted) -> Speech:
        """See Source."""
        return _ask(lambda: self._source.speech(name, prompted), f"{name} cannot begin")


def _ask(question: Callable[[], T], sentence: str) -> T:
    try:
        return question()
    except Exception as why:  # one model's fault must not end the others
        raise understood(why, sentence) from why
