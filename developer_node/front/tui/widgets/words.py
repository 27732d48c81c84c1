"""Words that are laid out again only when they say something else."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Words(Static):
    """Several lines that are brought up to date with every event, and seldom change."""

    _said: Content | None = None

    def say(self, content: Content) -> None:
        """What they say now."""
        if self._said is None or not self._said.is_same(content):
            self._said = content
            self.update(content)
