"""A field that narrows a list while one types; hidden until it is asked for."""

from __future__ import annotations

from textual.widgets import Input


class FilterField(Input):
    """What is not seen takes no keys."""

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, id="filter", compact=True)
        self.display, self.disabled = False, True

    def open(self) -> None:
        """Ready to type."""
        self.display, self.disabled = True, False
        self.focus()

    def close(self) -> None:
        """Empty and out of sight."""
        self.value, self.display, self.disabled = "", False, True
