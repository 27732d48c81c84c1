"""Times, freshness and models in words: pure, and without markup."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from rich.cells import cell_len

from common.model.answer import Freshness, Hit, ProjectFreshness
from common.model.event import GitOperation
from common.model.llm import Model
from developer_node.front.output_words import copy_names, count, percent
from developer_node.front.tui.plain import one_line

DEMONSTRATION_BELOW = 1_000_000_000
"""Parameters under which a model's prose is not to be trusted."""


def short_commit(commit: str) -> str:
    """As git abbreviates."""
    return commit[:7]


def branch(ref: str) -> str:
    """As people say it: "main"."""
    return one_line(ref.removeprefix("refs/heads/"), 30)


def is_history(git: GitOperation) -> bool:
    """What was there before anybody watched, reported as one operation."""
    return git.operation == "other" and not git.old and bool(git.commits)


def duration(millis: int) -> str:
    """ "80 ms", "1.2 s", "3 min 5 s"."""
    if millis < 1_000:
        return f"{millis} ms"
    seconds = millis / 1_000
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def moment(at_ms: int, now_ms: int, zone: tzinfo | None) -> str:
    """The clock today, the day before that: "14:02:11", "3 Mar 14:02", "3 Mar 2024".

    An imported command may not say when it ran.
    """
    if at_ms <= 0:
        return "unknown"
    at = datetime.fromtimestamp(at_ms / 1_000, zone)
    now = datetime.fromtimestamp(now_ms / 1_000, zone)
    if at.date() == now.date():
        return f"{at:%H:%M:%S}"
    if at.year == now.year:
        return f"{at.day} {at:%b %H:%M}"
    return f"{at.day} {at:%b %Y}"


def age(at_ms: int, now_ms: int) -> str:
    """ "just now", "3 minutes ago", "19 days ago"."""
    seconds = max(0, now_ms - at_ms) // 1_000
    for size, noun in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{count(seconds // size, noun)} ago"
    return "just now"


def freshness(fresh: Freshness) -> str:
    """What an answer knows about, and how far behind that is. Empty is said, not hidden."""
    if not fresh.projects:
        parts = ["nothing is indexed yet"]
    else:
        names = copy_names(fresh.projects)
        parts = [_project_freshness(p, n) for p, n in zip(fresh.projects[:3], names, strict=False)]
        if len(fresh.projects) > 3:
            parts.append(f"{len(fresh.projects) - 3} more")
    if fresh.events_behind:
        parts.append(f"{count(fresh.events_behind, 'event')} behind")
    if fresh.projects and fresh.vectors_share < 1 and fresh.away is None:
        share = percent(fresh.vectors_share)
        parts.append(f"{share} searchable by meaning yet; ask again later for more")
    return " · ".join(parts)


def _project_freshness(project: ProjectFreshness, named: str) -> str:
    name = one_line(named, 120) if project.project else one_line(project.working_copy, 60)
    if project.files_behind < 0:
        return f"{name}: first scan is running"
    at = f" at {short_commit(project.indexed_commit)}" if project.indexed_commit else ""
    parts: list[str] = []
    if project.head_commit and project.head_commit != project.indexed_commit:
        parts.append(f"HEAD is {short_commit(project.head_commit)}")
    if project.files_behind:
        parts.append(f"{count(project.files_behind, 'file')} behind")
    return f"{name}{at}, {', '.join(parts) or 'up to date'}"


def place(hit: Hit) -> str:
    """ "path:12-20"."""
    return f"{one_line(hit.path)}{_lines(hit)}"


def place_within(hit: Hit, width: int) -> str:
    """The same in so many cells: the middle of the path gives way, the lines never do."""
    lines = _lines(hit)
    return f"{_elided(one_line(hit.path), max(1, width - len(lines)))}{lines}"


def _lines(hit: Hit) -> str:
    return f":{hit.start_line}" + (f"-{hit.end_line}" if hit.end_line > hit.start_line else "")


def _elided(text: str, width: int) -> str:
    """Its beginning, and twice as much of its end: the name of a file says most."""
    if cell_len(text) <= width:
        return text
    tail = _cells(text[::-1], (width - 1) * 2 // 3)[::-1]
    return f"{_cells(text, width - 1 - cell_len(tail))}…{tail}"


def _cells(text: str, width: int) -> str:
    taken = 0
    for index, character in enumerate(text):
        taken += cell_len(character)
        if taken > width:
            return text[:index]
    return text


def speaking_model(models: Sequence[Model]) -> Model | None:
    """The one that answers questions: loaded before ready before arriving; None without any."""
    order = ("loaded", "loading", "ready", "arriving", "failed", "missing")
    talkers = [model for model in models if model.purpose != "embedding"]
    return min(talkers, key=lambda model: order.index(model.state), default=None)


def model_state(model: Model | None) -> str:
    """ "model ready", "model 40 %", "no model"."""
    match model:
        case None:
            return "no model"
        case Model(state="loaded" | "ready"):
            return "model ready"
        case Model(state="loading", progress=progress):
            return f"model loading {percent(progress)}"
        case Model(state="arriving", progress=progress):
            return f"model {percent(progress)}"
        case Model(state="failed"):
            return "model failed"
        case _:
            return "no model"


def model_line(models: Sequence[Model]) -> str:
    """Who will answer, for the Ask view."""
    model = speaking_model(models)
    match model:
        case None:
            return "no model: passages only"
        case Model(state="loaded" | "loading" | "ready"):
            said = one_line(model.name, 60)
            if 0 < model.parameters < DEMONSTRATION_BELOW:
                said += " · demonstration model"
            return said
        case Model(state="arriving"):
            return f"{model_state(model)} · {one_line(model.name, 60)} is arriving: passages only"
        case Model(detail=detail):
            said = f"{model_state(model)}: passages only"
            return f"{said} · {one_line(detail)}" if detail else said
