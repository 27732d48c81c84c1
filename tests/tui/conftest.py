"""Screens are tested without what the person's own terminal asks for."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def a_plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours and speed do not depend on the terminal that the tests run in."""
    for name in ("NO_COLOR", "COLORTERM", "TEXTUAL", "TEXTUAL_DEBUG"):
        monkeypatch.delenv(name, raising=False)
