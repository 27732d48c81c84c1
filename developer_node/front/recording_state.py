"""Whether commands are recorded on this machine now, in a sentence."""

from __future__ import annotations

from pathlib import Path


def paused_sentence(home: Path) -> str:
    """Why nothing is recorded; empty while recording goes on."""
    from developer_node.text import gates

    try:
        return gates.paused(home)
    except (OSError, ValueError) as error:
        return f"Nothing is recorded: {error}."
