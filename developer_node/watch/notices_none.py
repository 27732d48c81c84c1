"""No notices at all, where the kernel gives none: everything is found by comparing."""

from __future__ import annotations

from common.errors import OverLimit
from developer_node.watch.notices import Hint, Listener, Lost


class NoNotices:
    """Refuses every directory, with the reason."""

    def __init__(self, why: str, hint: str) -> None:
        self._refusal = (why, hint)

    def listen(self, hint: Hint, lost: Lost) -> Listener:
        """A party that hears nothing."""
        return _Deaf(*self._refusal)

    def close(self) -> None:
        """There is nothing to end."""


class _Deaf:
    def __init__(self, why: str, hint: str) -> None:
        self._why = why
        self._hint = hint

    def add(self, directory: str) -> bool:
        """Always refused."""
        raise OverLimit(self._why, hint=self._hint)

    def remove(self, *directories: str) -> None:
        """None is known."""

    def close(self) -> None:
        """None is known."""
