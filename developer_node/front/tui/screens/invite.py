"""A code with which one more node joins: shown once, and kept nowhere."""

from __future__ import annotations

from datetime import tzinfo
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from common.model.node import Invitation, Role
from developer_node.front.tui.messages import CopyWanted
from developer_node.front.tui.wording import moment


class InviteScreen(ModalScreen[None]):
    """The command to type on the other machine."""

    SUMMARY = "A code buys one identity, once. It is shown here only."
    CSS_PATH = "invite.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy"),
        Binding("escape,q,enter", "app.pop_screen", "Close", key_display="Esc"),
    ]

    def __init__(
        self, role: Role, invitation: Invitation, now_ms: int, zone: tzinfo | None
    ) -> None:
        super().__init__()
        self._role = role
        self._command = f"postdevai join {invitation.code}"
        self._until = moment(invitation.expires_ms, now_ms, zone)

    def compose(self) -> ComposeResult:
        """What to type, and until when."""
        with Vertical(id="invite"):
            yield Static(
                Content.assemble(
                    (f"One more {self._role} node\n\n", "bold"),
                    "Type this on the other machine:\n\n",
                    (f"{self._command}\n\n", "$text-accent"),
                    f"It works once, until {self._until}, and is shown only here.\n\n",
                    ("y copies it   Esc closes", "$foreground-muted"),
                )
            )

    def action_copy(self) -> None:
        """The whole command."""
        self.post_message(CopyWanted(self._command, "the command"))
