"""Why models that are asked for are not there yet, told to people."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dragon_node.inference.scheduling.residency import Board

ANEW_S = 1.0
"""Sentences have numbers in them that change with every request: they are told so often at most."""


class Notices:
    """Runs on the owner thread."""

    def __init__(self, board: Board, clock: Callable[[], float]) -> None:
        self._board = board
        self._clock = clock
        self._told_s: dict[str, float] = {}

    def post(self, waiting: Mapping[str, str]) -> None:
        """Everyone's, by model, in the place of those before."""
        for name in self._told_s.keys() - waiting.keys():
            del self._told_s[name]
            self._board.post(name, waiting="")
        now_s = self._clock()
        for name, sentence in waiting.items():
            if now_s - self._told_s.get(name, -ANEW_S) >= ANEW_S:
                self._told_s[name] = now_s
                self._board.post(name, waiting=sentence)
