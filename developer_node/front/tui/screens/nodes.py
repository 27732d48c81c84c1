"""Nodes and tasks: who is in the mesh, how calls to them fare, what is to be done and by whom."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from common.errors import PostDevAIError
from common.model.node import Node, Role
from common.model.task import Task, TaskKind, TaskPage, TaskWish
from common.short_ids import SHORT
from developer_node.front.tui.empty import UNKNOWN
from developer_node.front.tui.feed_reader import TASKS_ENDED_MAX
from developer_node.front.tui.messages import RowOpened, TextWanted
from developer_node.front.tui.node_rows import (
    circuit_rows,
    heading,
    laptop_rows,
    node_of,
    node_page,
    node_rows,
    work_rows,
)
from developer_node.front.tui.opened import Opening, Page
from developer_node.front.tui.rows import Row
from developer_node.front.tui.screens.confirm import Question
from developer_node.front.tui.screens.invite import InviteScreen
from developer_node.front.tui.screens.pick import Choice, PickScreen
from developer_node.front.tui.screens.room import Room
from developer_node.front.tui.task_rows import AGAIN, can_end, name, task_of, task_page, task_rows
from developer_node.front.tui.widgets.row_list import RowList

_ROLES: tuple[tuple[Role, str], ...] = (
    ("developer", "another laptop, which records and asks"),
    ("dragon", "a machine that holds the lake and the models"),
    ("tool", "a program with an identity of its own"),
)
_KINDS: tuple[tuple[TaskKind, str], ...] = (
    ("snapshot", "the lake, written to the SSD"),
    ("compact", "unused room in files given back"),
    ("reindex", "a project's index made anew"),
    ("summarise", "a project's days in words"),
)
"""A proof is begun where its remedy is, among the failures."""
_OF_A_PROJECT: tuple[TaskKind, ...] = ("reindex", "summarise")


class NodesView(Room):
    """The nodes of the mesh, the ways to them, what is to be done, and what runs."""

    VIEW = "nodes"
    SUMMARY = "Who is in the mesh, and the tasks. Enter tells everything about a node or a task."
    NAMES_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "submit", "Task", tooltip="Have something done when a node has time"),
        Binding("x", "end", "End it", tooltip="Cancel the selected task"),
        Binding("r", "again", "Again", tooltip="Let the selected task wait again"),
        Binding("i", "invite", "Invite", tooltip="A code with which one more node joins"),
        Binding("y", "copy", "Copy", tooltip="Copy the id of the node or the task"),
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
                return self._node is not None or self._at_task is not None
            case "invite" | "submit":
                return status is not None and not status.coordinator_unavailable
            case "end":
                return self._at_task is not None and can_end(self._at_task)
            case "again":
                return self._at_task is not None and self._at_task.state in AGAIN
            case _:
                return True

    def on_row_highlighted(self) -> None:
        """Another row may have other keys."""
        self.refresh_bindings()

    def on_row_opened(self, message: RowOpened) -> None:
        """Everything about a node or a task."""
        node, task = self._node, self._at_task
        if task is not None:
            self.post_message(TextWanted(Opening(name(task), lambda: self._task_page(task))))
        if node is not None:
            self.post_message(TextWanted(Opening(f"{node.role} node", lambda: self._page(node))))

    def action_copy(self) -> None:
        """The id of the selected node or task."""
        if self._node is not None:
            self.copy(self._node.id, "the node's id")
        if self._at_task is not None:
            self.copy(self._at_task.id, "the task's id")

    def action_end(self) -> None:
        """Asks first: what has been done of it may have to be done again."""
        task = self._at_task
        if task is None:
            return
        question = Question(
            f"End the task {name(task)}?",
            "Its worker ends as soon as it has heard. It can be let to wait again."
            if task.state == "running"
            else "Nobody has begun it. It can be let to wait again.",
            "end it",
        )
        self.ask_first(question, lambda: self._quickly(task, self._ended))

    def action_again(self) -> None:
        """It waits for a node that can do it."""
        if self._at_task is not None:
            self._quickly(self._at_task, self._waits_again)

    def action_submit(self) -> None:
        """Asks what is to be done, and with which project where that is needed."""
        choices = [Choice(kind, kind, about) for kind, about in _KINDS]
        self._pick("What is to be done?", choices, self._submit)

    def _submit(self, said: str) -> None:
        kind: TaskKind = next(kind for kind, _ in _KINDS if kind == said)
        if kind not in _OF_A_PROJECT:
            self._wish(kind)
            return
        lake = self.desk.notebook.status.lake if self.desk.notebook.status else None
        names = [project.name for project in lake.kept] if lake else []
        if names:
            self._pick(
                "With which project?",
                [Choice(each, each) for each in names],
                partial(self._wish, kind),
            )
        else:
            self.notify("The lake holds no project that is known now.", severity="warning")

    def _wish(self, kind: TaskKind, project: str = "") -> None:
        async def asking() -> str:
            wish = TaskWish(kind, os.urandom(16).hex(), project)
            task, _ = await self.desk.reader.tasks.submit(wish)
            return f"{name(task)} is a task now: {task.id[:SHORT]}."

        self.change(asking)

    def _pick(self, title: str, choices: list[Choice], then: Callable[[str], None]) -> None:
        def chosen(key: str | None) -> None:
            if key is not None:
                then(key)

        screen = PickScreen(title, choices, choices[0].key)
        self.app.push_screen(screen, chosen)  # pyright: ignore[reportUnknownMemberType]

    def _quickly(self, task: Task, how: Callable[[Task], Awaitable[str]]) -> None:
        self.change(lambda: how(task))

    async def _ended(self, task: Task) -> str:
        now = await self.desk.reader.tasks.cancel(task.id)
        return f"{name(task)} {'is cancelled' if now.ended else 'is being ended'}."

    async def _waits_again(self, task: Task) -> str:
        await self.desk.reader.tasks.retry(task.id)
        return f"{name(task)} waits again."

    async def look_again(self) -> None:
        """The Coordinator's own word, so that nobody waits for the next round."""
        page = await self.desk.reader.tasks.list((), TASKS_ENDED_MAX)
        self.desk.notebook.tasks = page

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
        status = self.desk.notebook.status
        known = status.nodes if status else ()
        return Page(node_page(node, known, self.desk.clock.now_ms(), self.desk.zone))

    async def _task_page(self, task: Task) -> Page:
        """As it is now, with what came of it."""
        now = await self.desk.reader.tasks.get(task.id)
        status = self.desk.notebook.status
        nodes = status.nodes if status else ()
        return Page(task_page(now, nodes, self.desk.clock.now_ms(), self.desk.zone))

    @property
    def _node(self) -> Node | None:
        row = self.query_one(RowList).row
        return node_of(self.desk.notebook.status, row.key) if row is not None else None

    @property
    def _at_task(self) -> Task | None:
        row = self.query_one(RowList).row
        return task_of(self._known_tasks, row.key) if row is not None else None

    @property
    def _known_tasks(self) -> TaskPage | None:
        """None without the Coordinator: what it said last is not so for ever."""
        notebook = self.desk.notebook
        away = notebook.status is None or bool(notebook.status.coordinator_unavailable)
        return None if away else notebook.tasks

    def _rows(self) -> list[Row]:
        status = self.desk.notebook.status
        assert status is not None
        now_ms, zone = self.desk.clock.now_ms(), self.desk.zone
        own = [heading("laptop", "This laptop"), *laptop_rows(status, now_ms, zone)]
        if status.put_out:  # nobody tells it of the others, and it calls nobody
            return [*node_rows(status, self.size.width), *own]
        return [
            *node_rows(status, self.size.width),
            heading("tasks", "Tasks"),
            *task_rows(self._known_tasks, now_ms),
            heading("work", "What runs now"),
            *work_rows(status),
            *own,
            heading("ways", "Ways to other nodes"),
            *circuit_rows(status, now_ms),
        ]
