"""Screens are tested without what the person's own terminal asks for."""

from __future__ import annotations

import pytest
from pytest_textual_snapshot import SVGImageExtension

# The plugin sets the name that older versions of syrupy read; without this the pictures are
# called .raw and no viewer opens them.
SVGImageExtension.file_extension = "svg"


@pytest.fixture(autouse=True)
def a_plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours and speed do not depend on the terminal that the tests run in."""
    for name in ("NO_COLOR", "COLORTERM", "TEXTUAL", "TEXTUAL_DEBUG"):
        monkeypatch.delenv(name, raising=False)
