"""Nodes and tasks: who is in the mesh, how calls to them fare, and what runs now."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from common.errors import PostDevAIError
from common.model.node import Node, Role
from developer_node.front.tui.empty import UNKNOWN
from developer_node.front.tui.messages import RowOpened, TextWanted
from developer_node.front.tui.node_rows import (
    circuit_rows,
    heading,
    laptop_rows,
    node_page,
    node_rows,
    task_rows,
)
from developer_node.front.tui.opened import Opening, Page
from developer_node.front.tui.rows import Row
from developer_node.front.tui.screens.invite import InviteScreen
from developer_node.front.tui.screens.pick import Choice, PickScreen
from developer_node.front.tui.screens.view import View
from developer_node.front.tui.widgets.row_list import RowList

_ROLES: tuple[tuple[Role, str], ...] = (
    ("developer", "another laptop, which records and asks"),
    ("dragon", "a machine that holds the lake and the models"),
    ("tool", "a program with an identity of its own"),
)


class NodesView(View):
    """The nodes of the mesh, the ways to them, and what runs."""

    VIEW = "nodes"
    SUMMARY = "Who is in the mesh and what runs now. Enter tells everything about a node."
    AUTO_FOCUS = "RowList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "invite", "Invite", tooltip="A code with which one more node joins"),
        Binding("y", "copy", "Copy", tooltip="Copy the node's id"),
    ]

    def body(self) -> ComposeResult:
        """The rows, and what stands there while nothing is known."""
        yield RowList("mesh")
        yield Static(id="empty")

    def show(self) -> None:
        """As the last status had it."""
        notebook = self.desk.notebook
        rows, empty = self.query_one(RowList), self.query_one("#empty", Static)
        known = notebook.lost is None and notebook.status is not None
        rows.display, empty.display = known, not known
        if known:
            rows.show(self._rows())
        else:
            empty.update(UNKNOWN)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what there is something to do for."""
        if not self.whole:
            return True
        status = self.desk.notebook.status
        match action:
            case "copy":
                return self._node is not None
            case "invite":
                return status is not None and not status.coordinator_unavailable
            case _:
                return True

    def on_row_highlighted(self) -> None:
        """Another row may have other keys."""
        self.refresh_bindings()

    def on_row_opened(self, message: RowOpened) -> None:
        """Everything about a node."""
        node = self._node
        if node is not None:
            self.post_message(TextWanted(Opening(f"{node.role} node", lambda: self._page(node))))

    def action_copy(self) -> None:
        """The id of the selected node."""
        if self._node is not None:
            self.copy(self._node.id, "the node's id")

    def action_invite(self) -> None:
        """Asks for a role, then shows a code once."""
        choices = [Choice(role, role, about) for role, about in _ROLES]
        self.app.push_screen(PickScreen("Who joins?", choices, "developer"), self._invite)  # pyright: ignore[reportUnknownMemberType]

    def _invite(self, role: str | None) -> None:
        for known, _ in _ROLES:
            if role == known:
                self.run_worker(self._show_code(known), group="load")

    async def _show_code(self, role: Role) -> None:
        try:
            invitation = await self.desk.reader.invite(role)
        except PostDevAIError as error:
            self.complain(error)
            return
        screen = InviteScreen(role, invitation, self.desk.clock.now_ms(), self.desk.zone)
        self.app.push_screen(screen)  # pyright: ignore[reportUnknownMemberType]

    async def _page(self, node: Node) -> Page:
        return Page(node_page(node, self.desk.clock.now_ms(), self.desk.zone))

    @property
    def _node(self) -> Node | None:
        row, status = self.query_one(RowList).row, self.desk.notebook.status
        nodes = status.nodes if status else ()
        return next((n for n in nodes if row is not None and row.key == f"node:{n.id}"), None)

    def _rows(self) -> list[Row]:
        status = self.desk.notebook.status
        assert status is not None
        now_ms, zone = self.desk.clock.now_ms(), self.desk.zone
        return [
            *node_rows(status, self.size.width),
            heading("laptop", "This laptop"),
            *laptop_rows(status, now_ms, zone),
            heading("ways", "Ways to other nodes"),
            *circuit_rows(status, now_ms),
            heading("tasks", "What runs now"),
            *task_rows(status),
        ]
