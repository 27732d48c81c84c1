"""Events as rows of the timeline: pure. A burst of saved files is one row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import groupby

from textual.content import Content

from common.model.event import (
    ActDone,
    CommandFinished,
    EditorEvent,
    Event,
    FileChanged,
    GitOperation,
    ProofFinished,
    WorkingCopySeen,
    kind_of,
)
from developer_node.front.output_words import count, size
from developer_node.front.tui.notebook import Entry
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.wording import branch, duration, is_history, moment, short_commit

BURST_GAP_MS = 10_000
"""Files of one working copy saved closer than this are one burst."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list: the left part gives way to the right one."""

    key: str
    left: Content
    right: Content
    words: str = ""
    """What a filter looks at, in lower case."""
    narrow: Callable[[int], Content] | None = None
    """The left part for that many cells, where its end must not simply be cut off."""


@dataclass(frozen=True, slots=True)
class _Told:
    sign: str
    style: str
    title: str
    detail: str = ""


_Known = dict[tuple[str, str, int, str, str], Row]


class TimelineRows:
    """Makes rows, and makes one again only when it would say something else."""

    def __init__(self) -> None:
        self._known: _Known = {}

    def rows(self, entries: Sequence[Entry], now_ms: int, zone: tzinfo | None) -> list[Row]:
        """Newest first, as the entries are; times in a column as wide as the widest."""
        held = list(bursts(entries))
        times = [moment(burst[0].event.at_ms, now_ms, zone) for burst in held]
        width = max((len(at) for at in times), default=0)
        made: _Known = {}
        for burst, at in zip(held, times, strict=True):
            newest, oldest = burst[0], burst[-1]
            name = (newest.event.id, oldest.event.id, len(burst), f"{at:<{width}}", newest.project)
            made[name] = self._known.get(name) or _row(burst, name[3])
        self._known = made
        return list(made.values())


def bursts(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Runs of saved files of one working copy together, everything else alone."""
    for _, run in groupby(entries, key=_burst_key):
        members = list(run)
        if not isinstance(members[0].event.body, FileChanged):
            yield from ([member] for member in members)
            continue
        held = [members[0]]
        for member in members[1:]:
            if held[-1].event.at_ms - member.event.at_ms > BURST_GAP_MS:
                yield held
                held = []
            held.append(member)
        yield held


def matching(rows: Sequence[Row], words: str) -> Sequence[Row]:
    """Those in which every word occurs."""
    wanted = words.lower().split()
    return [row for row in rows if all(word in row.words for word in wanted)] if wanted else rows


def _burst_key(entry: Entry) -> tuple[bool, str]:
    return isinstance(entry.event.body, FileChanged), entry.event.working_copy


def _row(burst: list[Entry], at: str) -> Row:
    entry = burst[0]
    told = _told(entry.event) if len(burst) == 1 else _files_told(burst)
    project = one_line(entry.project, 24)
    left = Content.assemble(
        (f"{at}  ", "$foreground-muted"), (f"{told.sign} ", told.style), told.title
    )
    right = Content.assemble(
        (told.detail, told.style if told.sign == "✗" else "$foreground-muted"),
        (f"  {project}" if project else "", "$text-secondary"),
    )
    kinds = f"{kind_of(entry.event.body)} {'failed' if told.sign == '✗' else ''}"
    words = f"{at} {told.title} {told.detail} {project} {kinds} {_paths(burst)}".lower()
    return Row(key_of(burst), left, right, words)


def key_of(burst: Sequence[Entry]) -> str:
    """Names a row for as long as it is there: a burst by its oldest file, while it grows; a
    program that runs by its run, while it tells of itself and when it ends."""
    event = burst[-1].event
    return event.body.run or event.id if isinstance(event.body, CommandFinished) else event.id


def _paths(burst: list[Entry]) -> str:
    if len(burst) == 1:
        return ""
    return " ".join(e.event.body.path for e in burst if isinstance(e.event.body, FileChanged))


def _files_told(burst: list[Entry]) -> _Told:
    paths = [e.event.body.path for e in burst if isinstance(e.event.body, FileChanged)]
    different = len(set(paths))
    more = f" and {different - 1:,} more" if different > 1 else ""
    return _Told(
        "·", "$foreground-muted", f"{one_line(paths[0], 200)}{more}", count(different, "file")
    )


def _told(event: Event) -> _Told:
    match event.body:
        case CommandFinished() as command:
            return _command_told(command)
        case GitOperation() as git:
            return _git_told(git)
        case FileChanged() as file:
            detail = "deleted" if file.deleted else one_line(file.skipped) or size(file.size)
            return _Told("·", "$foreground-muted", one_line(file.path), detail)
        case EditorEvent() as editor:
            line = f":{editor.line}" if editor.line else ""
            said = f"  {one_line(editor.message)}" if editor.message else ""
            return _Told(
                "▸", "$text-secondary", f"{one_line(editor.path)}{line}{said}", editor.action
            )
        case WorkingCopySeen() as seen:
            return _Told("◇", "$text-secondary", one_line(seen.path), _seen_told(seen))
        case ProofFinished() as proof:
            style = "$text-success" if proof.verdict == "confirmed" else "$text-warning"
            said = one_line(proof.reason or proof.command, 200)
            return _Told("⊢", style, said, f"{proof.verdict}  red {proof.red} green {proof.green}")
        case ActDone() as act:
            return _Told("⚙", "$text-secondary", one_line(act.sentence, 200), act.action)


def _command_told(command: CommandFinished) -> _Told:
    title = one_line(command.command)
    took = duration(command.duration_ms)
    if command.failures:
        failure = command.failures[0]
        title += f"  {one_line(failure.code, 40)}: {one_line(failure.message, 160)}"
    if command.running:
        return _Told("▸", "$text-warning", title, f"still runs  {took}")
    if not any(command.exit_codes):
        return _Told("✓", "$text-success", one_line(command.command), took)
    codes = "|".join(str(code) for code in command.exit_codes)
    return _Told("✗", "$text-error", title, f"exit {codes}  {took}")


def _seen_told(seen: WorkingCopySeen) -> str:
    at = f" at {short_commit(seen.head)}" if seen.head else ""
    where = f"{one_line(seen.branch, 60)}{at}".strip() or "no commits"
    if seen.files < 0 and seen.anew:
        return f"first scan is running, {where}"
    # 0 also of a working copy whose files nobody asked to watch
    return f"{count(seen.files, 'file')} found, {where}" if seen.files > 0 else where


def _git_told(git: GitOperation) -> _Told:
    if is_history(git):
        ref = branch(git.ref) or "this repository"
        said = f"history of {ref}, {count(len(git.commits), 'commit')}"
        return _Told("◆", "$text-accent", said, f"up to {short_commit(git.new)}")
    if git.commits:
        newest = git.commits[-1]
        title = f"{short_commit(newest.sha)} {one_line(newest.subject)}"
        more = len(git.commits) - 1
        if more:
            title += f" and {more:,} more"
    else:
        title = one_line(git.message) or f"{short_commit(git.old)} → {short_commit(git.new)}"
    return _Told("◆", "$text-accent", title, _moved(git))


def _moved(git: GitOperation) -> str:
    verb = "" if git.operation == "other" else git.operation
    return f"{verb} {branch(git.ref)}".strip()
