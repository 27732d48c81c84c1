"""History for people: one line an event, newest first."""

from __future__ import annotations

from datetime import datetime

from common.model.event import (
    CommandFinished,
    EditorEvent,
    Event,
    FileChanged,
    GitOperation,
    WorkingCopySeen,
)
from common.model.lake import HistoryPage
from developer_node.front.output_answer import fresh
from developer_node.front.output_page import Line, Span, line
from developer_node.front.output_words import count


def events(page: HistoryPage) -> list[Line]:
    """The events, in this machine's time."""
    if not page.entries:
        return [line("Nothing is recorded that matches."), fresh(page.freshness)]
    lines: list[Line] = []
    for entry in page.entries:
        style, said = what(entry.event)
        lines.append(
            line(
                Span(when(entry.event.at_ms), "dim"),
                f"  {entry.project[:16]:<16}  ",
                Span(said, style),
            )
        )
    return [*lines, fresh(page.freshness)]


def when(at_ms: int) -> str:
    """Local date and time to the second."""
    return datetime.fromtimestamp(at_ms / 1000).strftime("%Y-%m-%d %H:%M:%S")


def what(event: Event) -> tuple[str, str]:
    """A style and a phrase for what happened."""
    match event.body:
        case CommandFinished() as command:
            return _command(command)
        case FileChanged() as file:
            if file.skipped:
                return "dim", f"left out {file.path}: {file.skipped}"
            return "", f"{'deleted' if file.deleted else 'saved'} {file.path}"
        case GitOperation() as git:
            subject = git.commits[-1].subject if git.commits else git.message
            return "magenta", f"git {git.operation} {git.new[:7]} {subject}".rstrip()
        case EditorEvent() as editor:
            where = f"{editor.path}:{editor.line}" if editor.line else editor.path
            return "", f"{editor.action} {where} {editor.message}".rstrip()
        case WorkingCopySeen() as seen:
            return "dim", f"watching {seen.path}"


def _command(command: CommandFinished) -> tuple[str, str]:
    code = command.exit_codes[-1] if command.exit_codes else 0
    said = f"$ {command.command}"
    if not code:
        return "green", said
    failed = f", {count(len(command.failures), 'failure')}" if command.failures else ""
    return "red", f"{said}  (exit {code}{failed})"
