"""History for people: one line an event, newest first."""

from __future__ import annotations

from dataclasses import replace

from common.model.event import (
    ActDone,
    CommandFinished,
    EditorEvent,
    Event,
    FileChanged,
    GitOperation,
    ProofFinished,
    WorkingCopySeen,
)
from common.model.lake import HistoryPage
from developer_node.front.output_answer import fresh, label
from developer_node.front.output_page import Line, Span, line
from developer_node.front.output_words import count, when


def newest_first(page: HistoryPage) -> HistoryPage:
    """A page comes in the order of arrival: what a laptop kept while it was away arrives late."""
    ordered = sorted(page.entries, key=lambda entry: entry.event.at_ms, reverse=True)
    return replace(page, entries=tuple(ordered))


def events(page: HistoryPage, *, watching: bool = False, ids: bool = False) -> list[Line]:
    """The events, in this machine's time; what is watched is told only when asked for."""
    if not page.entries:
        nothing = line("Nothing is recorded that matches.")
        return [*label(page.freshness), nothing, fresh(page.freshness)]
    shown = [
        entry
        for entry in page.entries
        if watching or not isinstance(entry.event.body, WorkingCopySeen)
    ]
    lines = label(page.freshness)
    if not shown:
        lines.append(line("Nothing but what is watched: --kind working_copy shows it."))
    for entry in shown:
        style, said = what(entry.event)
        lines.append(
            line(
                Span(f"{entry.event.id}  " if ids else "", "dim"),
                Span(when(entry.event.at_ms), "dim"),
                f"  {entry.project[:16]:<16}  ",
                Span(said, style),
                Span(f"  {entry.likeness:.0%} alike" if entry.likeness else "", "dim"),
                Span(_way_back(entry.event), "dim"),
            )
        )
        lines += [line(Span(f"    {text}", "dim")) for text in entry.excerpt.splitlines()]
    return [*lines, fresh(page.freshness)]


def what(event: Event) -> tuple[str, str]:
    """A style and a phrase of one line for what happened."""
    match event.body:
        case CommandFinished() as command:
            return _command(command)
        case FileChanged() as file:
            if file.skipped:
                return "dim", f"left out {one_line(file.path)}: {file.skipped}"
            return "", f"{'deleted' if file.deleted else 'saved'} {one_line(file.path)}"
        case GitOperation() as git:
            return "magenta", _git(git)
        case EditorEvent() as editor:
            where = f"{editor.path}:{editor.line}" if editor.line else editor.path
            return "", f"{editor.action} {where} {one_line(editor.message)}".rstrip()
        case WorkingCopySeen() as seen:
            return "dim", f"watching {seen.path}"
        case ProofFinished() as proof:
            style = "green" if proof.verdict == "confirmed" else "yellow"
            return style, f"{proof.verdict}: {one_line(proof.reason or proof.command)}"
        case ActDone() as act:
            return "cyan", f"{act.level} {act.action}: {one_line(act.sentence)}"


def _way_back(event: Event) -> str:
    """How an act is taken back that left something behind."""
    match event.body:
        case ActDone(worktree=worktree, branch=branch, reverts="") if worktree or branch:
            return f"  postdevai revert {event.id}"
        case _:
            return ""


def one_line(text: str) -> str:
    """Every run of white space as one space."""
    return " ".join(text.split())


def _git(git: GitOperation) -> str:
    branch = git.ref.removeprefix("refs/heads/")
    if git.operation == "other" and not git.old and git.commits:  # there before it was watched
        return f"history of {branch or 'no branch'}: {count(len(git.commits), 'commit')}"
    subject = one_line(git.commits[-1].subject if git.commits else git.message)
    if git.operation == "other":
        return f"git: {branch} is {git.new[:7]} {subject}".rstrip()
    return f"git {git.operation} {git.new[:7]} {subject}".rstrip()


def _command(command: CommandFinished) -> tuple[str, str]:
    code = command.exit_codes[-1] if command.exit_codes else 0
    said = f"$ {one_line(command.command)}"
    if command.running:
        failing = f", {count(len(command.failures), 'failure')}" if command.failures else ""
        return "yellow", f"{said}  (still runs{failing})"
    if not code:
        return "green", said
    failed = f", {count(len(command.failures), 'failure')}" if command.failures else ""
    return "red", f"{said}  (exit {code}{failed})"
