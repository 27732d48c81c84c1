"""What is being worked on, in lines; and what a change of it is, as an edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo

from textual.content import Content

from common.errors import Invalid
from common.model.answer import AskEnd, AskPassages, Hit
from common.model.laptop import ContextEdit, OpenFile, WorkContext
from common.model.shared import SharedItem, SyncStatus
from developer_node.front import output_shared
from developer_node.front.output_page import Line
from developer_node.front.output_words import count
from developer_node.front.tui.bars import flowed
from developer_node.front.tui.plain import one_line, plain
from developer_node.front.tui.ranks import sorts, where
from developer_node.front.tui.rows import Row
from developer_node.front.tui.wording import age, freshness, moment, place_within, short_commit

PINNED_MAX = 20
EXCLUDED_MAX = 50
_REASONS = {"open": "open in an editor", "saved": "saved", "failed": "named by a failure"}
_PINNED = Content.styled("pinned    ", "$text-success")
_LEFT_OUT = Content.styled("left out  ", "$text-warning")
_UNMARKED = Content("          ")


def head(context: WorkContext, width: int, now_ms: int, zone: tzinfo | None) -> Content:
    """Where, on which branch, since when, and what answers are told."""
    at = f" at {short_commit(context.head)}" if context.head else ""
    branch = one_line(context.branch, 60) or ("detached HEAD" if context.head else "no commits")
    lines = [
        Content.assemble(
            (f"{one_line(context.project, 40)}  ", "bold"),
            (one_line(context.working_copy, 200), "$foreground-muted"),
        ),
        Content.assemble(("branch   ", "$foreground-muted"), f"{branch}{at}"),
        Content.assemble(
            ("session  ", "$foreground-muted"), _session(context, width, now_ms, zone)
        ),
        Content.assemble(("note     ", "$foreground-muted"), _note(context, width)),
    ]
    return Content("\n").join(lines)


def _session(context: WorkContext, width: int, now_ms: int, zone: tzinfo | None) -> Content:
    if not context.session_started_ms:
        return Content.styled("nothing was recorded here in the last hour", "$foreground-muted")
    failed = context.failed_commands
    parts = [
        Content(f"since {moment(context.session_started_ms, now_ms, zone)}"),
        Content(count(context.commands, "command")),
    ]
    if failed:
        parts.append(Content.styled(f"{failed:,} failed", "$text-error"))
    if context.last_command:
        code = context.last_exit_code
        ended = Content.styled(f" exit {code}", "$text-error") if code else Content(" passed")
        parts.append(Content.assemble(f"last: {one_line(context.last_command, 60)}", ended))
    lines = flowed(parts, max(20, width - 9), " · ").split("\n")
    return Content("\n" + " " * 9).join(lines)


def _note(context: WorkContext, width: int) -> Content:
    if not context.note.strip():
        return Content.styled("none: e writes what every answer is told", "$foreground-muted")
    return Content(one_line(context.note, 2_000)).truncate(max(20, width - 9), ellipsis=True)


def rows(context: WorkContext, now_ms: int) -> list[Row]:
    """What was pinned or left out without having been touched comes first, then what is open."""
    touched = {file.path for file in context.files}
    marked = [path for path in (*context.pinned, *context.excluded) if path not in touched]
    return [
        *(_row(context, path, "not touched in this session", "") for path in marked),
        *(_of_file(context, file, now_ms) for file in context.files),
    ]


def _of_file(context: WorkContext, file: OpenFile, now_ms: int) -> Row:
    return _row(context, file.path, _REASONS[file.reason], age(file.at_ms, now_ms))


def _row(context: WorkContext, path: str, reason: str, at: str) -> Row:
    mark = _UNMARKED
    if path in context.pinned:
        mark = _PINNED
    elif path in context.excluded:
        mark = _LEFT_OUT
    said = f"{reason}, {at}" if at else reason
    right = Content.styled(said, "$text-error" if reason == _REASONS["failed"] else _MUTED)
    return Row(path, Content.assemble(mark, one_line(path)), right)


_MUTED = "$foreground-muted"
_STYLES = {
    "dim": _MUTED,
    "bold": "bold",
    "cyan": "$text-accent",
    "green": "$text-success",
    "yellow": "$text-warning",
}
"""Of a terminal's line, in the colours of the theme."""


def edit_of(context: WorkContext) -> ContextEdit:
    """What is set now."""
    return ContextEdit(context.working_copy, context.pinned, context.excluded, context.note)


def with_pin(context: WorkContext, path: str) -> ContextEdit:
    """Pinned when it was not, unmarked when it was; Invalid at the limit."""
    edit = edit_of(context)
    if path in edit.pinned:
        return replace(edit, pinned=_without(edit.pinned, path))
    if len(edit.pinned) >= PINNED_MAX:
        raise Invalid(f"{PINNED_MAX} files are pinned.", hint="p on one of them makes room.")
    excluded = _without(edit.excluded, path)
    return replace(edit, pinned=(*edit.pinned, path), excluded=excluded)


def with_exclusion(context: WorkContext, path: str) -> ContextEdit:
    """Left out when it was not, unmarked when it was; Invalid at the limit."""
    edit = edit_of(context)
    if path in edit.excluded:
        return replace(edit, excluded=_without(edit.excluded, path))
    if len(edit.excluded) >= EXCLUDED_MAX:
        raise Invalid(f"{EXCLUDED_MAX} places are left out.", hint="x on one of them makes room.")
    pinned = _without(edit.pinned, path)
    return replace(edit, excluded=(*edit.excluded, path), pinned=pinned)


def with_note(context: WorkContext, note: str) -> ContextEdit:
    """Another note."""
    return replace(edit_of(context), note=note.strip())


def _without(paths: tuple[str, ...], path: str) -> tuple[str, ...]:
    return tuple(each for each in paths if each != path)


def shared_page(
    notes: Sequence[SharedItem], pins: Sequence[SharedItem], status: SyncStatus, now_ms: int
) -> list[Content]:
    """What `postdevai notes`, `pins` and `sync status` tell, on one page."""
    return [
        Content.styled("Notes", "bold"),
        *(_plainly(each) for each in output_shared.notes(notes, now_ms)),
        Content(""),
        Content.styled("Pins", "bold"),
        *(_plainly(each) for each in output_shared.pins(pins, now_ms)),
        Content(""),
        *(_plainly(each) for each in output_shared.sync(status, now_ms)),
    ]


def _plainly(said: Line) -> Content:
    return Content.assemble(*((_flat(each.text), _STYLES.get(each.style, "")) for each in said))


def _flat(text: str) -> str:
    """As it stands in its column."""
    return plain(text).replace("\n", " ")[:400]


def preview_rows(found: AskPassages, end: AskEnd | None) -> list[Row]:
    """The passages in the order in which a model would read them."""
    used = len(end.citations) if end is not None and found.prompt else len(found.passages)
    return [_passage(n, hit, read=n <= used) for n, hit in enumerate(found.passages, 1)]


def _passage(number: int, hit: Hit, *, read: bool) -> Row:
    marker = (f"{number:>3} ", "$text-accent")
    right = Content.assemble(
        (", ".join(sorts(hit)), "$foreground-muted"),
        ("" if read else "  no room for it", "$text-warning"),
    )

    def narrow(width: int) -> Content:
        said = place_within(hit, max(1, width - 4)) if hit.path else where(hit)
        return Content.assemble(marker, said)

    symbol = (f"  {one_line(hit.symbol, 60)}" if hit.symbol else "", "$text-secondary")
    left = Content.assemble(marker, where(hit), symbol)
    return Row(str(number), left, right, narrow=narrow)


def preview_counted(found: AskPassages, end: AskEnd | None) -> Content:
    """How many, for whom, how long; and why there is no prompt where there is none."""
    parts = [Content.styled(count(len(found.passages), "passage"), "bold")]
    if found.model:
        parts.append(Content(f"for {one_line(found.model, 60)}"))
    if end is not None and end.prompt_tokens:
        parts.append(Content(count(end.prompt_tokens, "token")))
    if found.without_model:
        said = f"no prompt: {one_line(found.without_model, 160)}"
        parts.append(Content.styled(said, "$text-warning"))
    parts.append(Content.styled(f"knows about {freshness(found.freshness)}", "$foreground-muted"))
    return Content(" · ").join(parts)
