"""What stands where nothing is: empty is not the same as unknown."""

from __future__ import annotations

from textual.content import Content

from developer_node.front.tui.notebook import Notebook

UNKNOWN = Content.assemble(
    ("Waiting for the laptop's daemon.\n\n", "bold"),
    "What happened is kept and will be here when it answers.",
)
_AWAY = Content.assemble(
    ("Nothing to show without the Dragon.\n\n", "bold"),
    "What happened earlier is in its memory and comes back with it.\n",
    "What happens now is recorded here and appears at once:\n\n",
    ("    postdevai run -- pytest", "$text-accent"),
)
_PUT_OUT = Content.assemble(
    ("Nothing to show: this laptop was put out of its mesh.\n\n", "bold"),
    "What happens now is recorded here and is not sent. How it comes back is under Nodes.",
)


def nothing(notebook: Notebook, well: Content) -> Content:
    """`well` only when everybody who could know something has been asked."""
    if notebook.lost is not None or notebook.status is None:
        return UNKNOWN
    if notebook.status.put_out:
        return _PUT_OUT
    return _AWAY if notebook.status.dragon_unavailable else well
