"""The lake for people: how full it is, what takes the room, who is awake, what can be restored."""

from __future__ import annotations

from collections.abc import Sequence

from common.model.lake import (
    Generation,
    KeptItem,
    LakeStats,
    ProjectStats,
    Related,
    RelatedThing,
)
from common.short_ids import SHORT
from developer_node.front.output_bar import bar, legend
from developer_node.front.output_page import Line, Span, line
from developer_node.front.output_words import ago, count, size

PROJECTS_SHOWN = 40
STYLES = {
    "memory": "magenta",
    "projects": "cyan",
    "words": "green",
    "vectors": "blue",
    "ballast": "dim",
    "other": "yellow",
}


def lake(stats: LakeStats, now_ms: int) -> list[Line]:
    """The whole page of `postdevai lake`."""
    return [
        *_room(stats),
        line(),
        *_projects(stats.kept, now_ms),
        line(),
        *_generations(stats, now_ms),
    ]


def _room(stats: LakeStats) -> list[Line]:
    where = Span(f"in RAM ({stats.back_end})", "green")
    if not stats.ram:
        where = Span(f"NOT RAM ({stats.back_end})", "bold red")
    stores = [(store.name, store.bytes) for store in stats.stores]
    lines = [
        _row("Lake", f"{size(stats.bytes)} of {size(stats.budget_bytes)}  ", where),
        _row("", *bar(stores, stats.budget_bytes, STYLES)),
        _row("", *legend(stores, STYLES)),
        _row("", Span(f"at {stats.path}", "dim")),
    ]
    if stats.why:
        lines.append(_row("", Span(f"because {stats.why}", "" if stats.ram else "red")))
    marks = f"sleep from {size(stats.evict_bytes)}, refuse from {size(stats.refuse_bytes)}"
    inodes = f", {count(stats.inodes_free, 'inode')} free" if stats.inodes_free >= 0 else ""
    return [*lines, _row("", Span(marks + inodes, "dim"))]


def _projects(kept: Sequence[ProjectStats], now_ms: int) -> list[Line]:
    if not kept:
        return [_row("Projects", "none yet")]
    names = {str(p.id): p.name for p in kept}
    width = max(len(p.name or p.id) for p in kept)
    lines = [
        _row("" if i else "Projects", *_project(p, width, names, now_ms))
        for i, p in enumerate(kept[:PROJECTS_SHOWN])
    ]
    if len(kept) > PROJECTS_SHOWN:
        lines.append(_row("", Span(f"{len(kept) - PROJECTS_SHOWN} more: --json has them", "dim")))
    return lines


def _project(p: ProjectStats, width: int, names: dict[str, str], now_ms: int) -> list[str | Span]:
    about = [size(p.bytes)]
    if p.used_ms:
        about.append(f"used {ago(p.used_ms, now_ms)}")
    if p.pinned:
        about.append("pinned")
    if p.joined_to:
        about.append(f"joined to {names.get(p.joined_to, p.joined_to)}")
    if p.node:
        about.append(f"on {p.node[:SHORT]}")
    state = Span(f"{p.state:<7}", "green" if p.state == "awake" else "dim")
    return [f"{p.name or p.id:<{width}}  ", state, Span("  " + " · ".join(about), "dim")]


def project(p: ProjectStats) -> Line:
    """What one project is now, after it was changed."""
    parts = [p.state]
    if p.pinned:
        parts.append("pinned")
    if p.joined_to:
        parts.append(f"part of {p.joined_to}")
    return line(Span(p.name or p.id, "bold"), f" is {', '.join(parts)}, {size(p.bytes)}.")


def _generations(stats: LakeStats, now_ms: int) -> list[Line]:
    first = _row("Journal", f"{size(stats.journal_bytes)}, up to record {stats.lsn:,}")
    if not stats.generations:
        return [first, _row("Snapshots", Span("none yet: postdevai snapshot", "yellow"))]
    lines = [
        _row("" if i else "Snapshots", *_generation(g, now_ms))
        for i, g in enumerate(stats.generations)
    ]
    return [first, *lines]


def _generation(g: Generation, now_ms: int) -> list[str | Span]:
    checked = Span("verified", "green") if g.verified else Span("not verified", "red")
    files = count(g.files, "file")
    whose = f" on {g.node[:SHORT]}" if g.node else ""
    said = f"{g.number}{whose}  {ago(g.at_ms, now_ms)}, {size(g.bytes)} in {files}, to {g.lsn:,}  "
    return [said, checked]


def kept(items: Sequence[KeptItem], now_ms: int) -> list[Line]:
    """What is kept, grouped by where."""
    if not items:
        return [line("Nothing is kept.")]
    lines: list[Line] = []
    where = ""
    for item in items:
        if item.where != where:
            where = item.where
            lines += [line(), line(Span(where, "bold"))] if lines else [line(Span(where, "bold"))]
        lines.append(line(*_kept(item, now_ms)))
    return lines


def _kept(item: KeptItem, now_ms: int) -> list[str | Span]:
    counted = [f"{item.items:,}"] if item.items or not item.bytes else []  # some are not counted
    about = [*counted, size(item.bytes)]
    if item.oldest_ms:
        about.append(f"since {ago(item.oldest_ms, now_ms)}")
    sealed = Span("sealed", "green") if item.encrypted else Span("in memory", "dim")
    return [
        f"  {item.what:<34} ",
        f"{', '.join(about)}  ",
        sealed,
        Span(f"  {item.until}" if item.until else "", "dim"),
    ]


def related(found: Related) -> list[Line]:
    """Relations by distance, one a line."""
    if not found.relations:
        return [line("Nothing is related to it that is known.")]
    lines = [
        line(
            Span(f"{'  ' * max(0, max(r.source.hops, r.target.hops) - 1)}"),
            *_thing(r.source),
            Span(f"  {r.verb.replace('_', ' ')}  ", "dim"),
            *_thing(r.target),
            Span(f"  ×{r.weight}" if r.weight > 1 else "", "dim"),
        )
        for r in found.relations
    ]
    if not found.complete:
        lines.append(line(Span("There are more: --limit N shows them.", "yellow")))
    return lines


def _thing(thing: RelatedThing) -> list[Span]:
    name = thing.id[:12] if thing.kind == "commit" else thing.id
    label = f" {thing.label}" if thing.label and thing.label != thing.id else ""
    return [Span(f"{thing.kind} ", "dim"), Span(name, "cyan"), Span(label)]


def _row(label: str, *parts: str | Span) -> Line:
    return line(Span(f"{label:<11}", "bold"), *parts)
