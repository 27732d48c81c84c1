"""What Enter shows: where its text comes from and how it is drawn. Touches no screen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Protocol

from textual.content import Content

from common.errors import Missing, PostDevAIError
from common.model.answer import Hit
from common.model.event import (
    ActDone,
    CommandFinished,
    EditorEvent,
    Event,
    FileChanged,
    GitOperation,
    Output,
    ProofFinished,
    WorkingCopySeen,
)
from common.model.failure import Remedy
from common.model.ids import ContentHash, EventId
from common.model.remedy import DraftedPatch
from developer_node.front.output_words import count, size
from developer_node.front.tui.code import code_lines
from developer_node.front.tui.diffs import diff_lines, side_by_side
from developer_node.front.tui.editor import first_of
from developer_node.front.tui.failing_lines import Stop, failing_lines
from developer_node.front.tui.notebook import Entry
from developer_node.front.tui.plain import coloured_lines, one_line
from developer_node.front.tui.wording import (
    branch,
    duration,
    is_history,
    moment,
    place,
    short_commit,
)


class Reader(Protocol):
    """Where texts are fetched."""

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        """One event whole, its output included."""
        ...

    async def blob(self, content: ContentHash) -> bytes:
        """Content as it was indexed."""
        ...


class Patches(Protocol):
    """Where patches are drafted."""

    async def draft(self, remedy_id: str, path: str) -> DraftedPatch:
        """A remedy as a patch for the files there."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """Lines to show."""

    lines: Sequence[Content]
    title: str = ""
    """Replaces the first one when more is known now."""
    note: str = ""
    """Beneath the title: what was left out, at which commit it was read."""
    numbered: bool = False
    first: int = 1
    """Number of the first line."""
    marked: range = range(0)
    stops: Sequence[Stop] = ()
    """Where the failing lines are; the first one is in view at the start."""
    beside: Callable[[int], Sequence[Content]] | None = None
    """The same with before and after side by side, for so many columns."""
    file: Path | None = None
    """What the page shows, on this machine."""
    raw: str = ""
    """What is saved and copied; empty when that is what the lines say."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A title at once, the page when it has been fetched."""

    title: str
    load: Callable[[], Awaitable[Page]]


def open_event(event: Event, reader: Reader) -> Opening:
    """What is behind one row of the timeline."""
    match event.body:
        case CommandFinished() as command:
            return Opening(one_line(command.command), lambda: _output(event.id, reader))
        case GitOperation() as git:
            title = f"{'history of' if is_history(git) else git.operation} {branch(git.ref)}"
            return Opening(title, lambda: _commits(event, reader))
        case FileChanged() as file:
            return Opening(one_line(file.path), lambda: _file(file, reader))
        case WorkingCopySeen() as seen:
            return Opening(one_line(seen.path), lambda: _page(_seen(seen)))
        case EditorEvent() as editor:
            return Opening(one_line(editor.path), lambda: _page(_edited(editor)))
        case ProofFinished():
            return Opening("Proof", lambda: _output(event.id, reader))
        case ActDone() as act:
            return Opening(one_line(act.sentence), lambda: _output(event.id, reader))


def open_output(event_id: EventId, reader: Reader) -> Opening:
    """What the failing command of a card printed."""
    return Opening("The failing command", lambda: _output(event_id, reader))


def open_burst(burst: Sequence[Entry], now_ms: int, zone: tzinfo | None) -> Opening:
    """The files of a burst, newest first."""

    async def load() -> Page:
        return Page(
            [
                Content.assemble(
                    (f"{moment(entry.event.at_ms, now_ms, zone):<12} ", "$foreground-muted"),
                    one_line(entry.event.body.path),
                    ("  deleted" if entry.event.body.deleted else "", "$text-error"),
                )
                for entry in burst
                if isinstance(entry.event.body, FileChanged)
            ]
        )

    return Opening(count(len(burst), "saved file"), load)


def open_passage(hit: Hit, reader: Reader) -> Opening:
    """The file as it was indexed, at the cited lines."""

    async def load() -> Page:
        at = f"as indexed at {short_commit(hit.commit)}" if hit.commit else "as indexed"
        note = f"{one_line(hit.project)} {at}" + (", with changes of its own" if hit.dirty else "")
        marked = range(hit.start_line, hit.end_line + 1)
        file = file_of(hit)
        try:
            if not hit.blob:
                raise Missing("The file is not kept whole.")
            text = (await reader.blob(hit.blob)).decode("utf-8", "replace")
        except PostDevAIError as error:
            if not hit.text:
                raise
            lines = await asyncio.to_thread(code_lines, hit.text, hit.path)
            said = f"Only the passage is shown. {error.message} {note}"
            page = Page(lines, note=said, numbered=True, first=hit.start_line)
            return replace(page, stops=(Stop(hit.start_line, file, hit.start_line),), file=file)
        lines = await asyncio.to_thread(code_lines, text, hit.path)
        page = Page(lines, note=note, numbered=True, marked=marked, file=file)
        return replace(page, stops=(Stop(hit.start_line, file, hit.start_line),))

    return Opening(place(hit), load)


def file_of(hit: Hit) -> Path | None:
    """Where it lies on this machine; None for what has no place in a file."""
    return first_of((hit.working_copy,), hit.path) if hit.path else None


def open_diff(remedy: Remedy) -> Opening:
    """The whole change of a remedy."""

    async def load() -> Page:
        return await _diff_page(remedy.diff, one_line(remedy.why))

    return Opening(one_line(remedy.label) or "uncommitted change", load)


def open_patch(remedy: Remedy, path: str, reader: Patches) -> Opening:
    """The change as a patch for the files at a path, and the line that applies it."""

    async def load() -> Page:
        patch = await reader.draft(remedy.id, path)
        note = f"{patch.sentence}  {patch.command}".strip()
        return await _diff_page(patch.diff, one_line(note, 400))

    return Opening("A patch for git apply", load)


async def _diff_page(diff: str, note: str) -> Page:
    lines = await asyncio.to_thread(diff_lines, diff)
    return Page(lines, note=note, beside=partial(side_by_side, diff), raw=diff)


async def _output(event_id: EventId, reader: Reader) -> Page:
    whole, _ = await reader.event(event_id)
    match whole.body:
        case CommandFinished() as command:
            return await _printed(command)
        case ProofFinished(output=output) as proof:
            runs = f"red {proof.red}, green {proof.green} of {proof.runs}"
            note = one_line(f"{proof.verdict}: {proof.reason or runs}", 400)
            return Page(await _lines(output), one_line(proof.command), note + _left_out(output))
        case ActDone(output=output) as act:
            note = one_line(f"{act.level} {act.action}  {act.worktree} {act.branch}", 400)
            return Page(await _lines(output), one_line(act.sentence), note + _left_out(output))
        case _:
            raise Missing("This event has no output.")


async def _lines(output: Output) -> list[Content]:
    lines = await asyncio.to_thread(coloured_lines, output.text)
    return lines or [Content.styled("It printed nothing.", "$foreground-muted")]


async def _printed(command: CommandFinished) -> Page:
    codes = "|".join(str(code) for code in command.exit_codes)
    note = f"exit {codes} after {duration(command.duration_ms)} in {one_line(command.cwd)}"
    lines = await _lines(command.output)
    stops = await asyncio.to_thread(failing_lines, [line.plain for line in lines], command)
    marked = range(stops[0].line, stops[0].line + 1) if stops else range(0)
    page = Page(lines, one_line(command.command), note + _left_out(command.output))
    return replace(page, stops=stops, marked=marked)


def _left_out(output: Output) -> str:
    if not output.bytes_dropped:
        return ""
    return f"; {size(output.bytes_dropped)} of {size(output.bytes_total)} left out"


async def _commits(event: Event, reader: Reader) -> Page:
    try:
        whole, _ = await reader.event(event.id)
    except PostDevAIError:
        whole = event  # the laptop's own copy, which may lack the patches
    git = whole.body if isinstance(whole.body, GitOperation) else event.body
    assert isinstance(git, GitOperation)
    lines: list[Content] = []
    for commit in reversed(git.commits):
        lines.append(
            Content.assemble(
                (short_commit(commit.sha), "$text-accent"), (f" {one_line(commit.subject)}", "bold")
            )
        )
        if commit.patch:
            lines += await asyncio.to_thread(diff_lines, commit.patch)
        else:
            lines += [Content(f"  {one_line(change.path)}") for change in commit.changes]
        lines += (
            [Content("")]
            if not commit.cut
            else [Content.styled("The rest is left out.\n", "$foreground-muted")]
        )
    moved = f"{short_commit(git.old) or 'nothing'} → {short_commit(git.new) or 'nothing'}"
    page = Page(lines or [Content(one_line(git.message) or moved)], note=moved)
    patches = "".join(commit.patch for commit in reversed(git.commits))
    return replace(page, beside=partial(side_by_side, patches)) if patches else page


async def _file(file: FileChanged, reader: Reader) -> Page:
    if file.deleted:
        return Page([Content.styled("It was deleted.", "$foreground-muted")])
    if not file.content:
        why = one_line(file.skipped) or "too large"
        return Page([Content.styled(f"Its content is not kept: {why}.", "$foreground-muted")])
    text = (await reader.blob(file.content)).decode("utf-8", "replace")
    lines = await asyncio.to_thread(code_lines, text, file.path)
    return Page(lines, note=f"as saved, {size(file.size)}", numbered=True)


async def _page(facts: Sequence[tuple[str, str]]) -> Page:
    """What is known, a line each; what is not known has none."""
    said = [(name, one_line(words)) for name, words in facts if words]
    width = max((len(name) for name, _ in said), default=0)
    return Page(
        [
            Content.assemble((f"{name:<{width}}  ", "$foreground-muted"), words)
            for name, words in said
        ]
    )


def _seen(seen: WorkingCopySeen) -> list[tuple[str, str]]:
    counted = count(seen.files, "file") if seen.files > 0 else ""
    return [
        ("working copy", seen.path),
        ("on", seen.machine),
        ("branch", seen.branch),
        ("commit", seen.head or "none yet"),
        ("files", "the scan is running" if seen.files < 0 else counted),
        ("remotes", ", ".join(seen.remotes)),
        ("history", "cut off: a shallow clone" if seen.shallow else ""),
    ]


def _edited(editor: EditorEvent) -> list[tuple[str, str]]:
    return [
        ("file", editor.path),
        ("line", str(editor.line) if editor.line else ""),
        ("what", editor.action),
        ("message", editor.message),
    ]
