"""The lake in lines: what takes the room, who is awake, what can be restored."""

from __future__ import annotations

from datetime import datetime, tzinfo

from textual.content import Content

from common.model.lake import Generation, LakeStats, ProjectStats, StoreStats
from developer_node.front.output_words import count, size
from developer_node.front.tui.bars import flowed, legend, share_bar, share_words, stacked
from developer_node.front.tui.gauges import LakeSeen, Samples
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.rows import Row
from developer_node.front.tui.wording import age, moment

STYLES = {
    "memory": "$accent",
    "projects": "$primary",
    "words": "$success",
    "vectors": "$secondary",
    "ballast": "$foreground-muted",
    "other": "$foreground",
}
_SORT = 9
_STORES = {
    "memory": "events, failures, remedies",
    "projects": "code by project",
    "words": "the index of words",
    "vectors": "the index of meaning",
    "ballast": "held back for bad days",
    "other": "everything else",
}


def head(seen: LakeSeen, grown: Samples, width: int, now_ms: int, zone: tzinfo | None) -> Content:
    """Where it lies, how full it is, how it grew, what takes the room."""
    lake = seen.lake
    stores = [(store.name, store.bytes) for store in lake.stores]
    lines = [
        flowed([*_first(seen, now_ms, zone), *_grown(grown, zone)], width, " · "),
        stacked(stores, lake.budget_bytes, width, STYLES),
        flowed(legend(stores, lake.budget_bytes, STYLES), width),
    ]
    return Content("\n").join(lines)


def _first(seen: LakeSeen, now_ms: int, zone: tzinfo | None) -> list[Content]:
    lake = seen.lake
    share = share_words(lake.bytes, lake.budget_bytes)
    where = (
        Content.styled(f"in RAM ({one_line(lake.back_end, 20)})", "$text-success")
        if lake.ram
        else Content.styled(f"NOT RAM ({one_line(lake.back_end, 20)})", "bold $text-error")
    )
    used = Content.styled(f"{size(lake.bytes)} of {size(lake.budget_bytes)}, {share}", "bold")
    parts = [
        where,
        used,
        Content.styled(f"projects sleep from {size(lake.evict_bytes)}", "$foreground-muted"),
        Content.styled(f"records are refused from {size(lake.refuse_bytes)}", "$foreground-muted"),
        Content.styled(f"journal {size(lake.journal_bytes)}", "$foreground-muted"),
    ]
    if not seen.now:
        said = f"as it was at {moment(seen.at_ms, now_ms, zone)}, not now"
        parts.insert(0, Content.styled(said, "bold $text-warning"))
    if lake.why and not lake.ram:
        parts.append(Content.styled(one_line(lake.why, 160), "$text-error"))
    return parts


def _grown(samples: Samples, zone: tzinfo | None) -> list[Content]:
    """What the curve says, for those who do not look at it."""
    if len(samples.held) < 2:
        return []
    first, last = samples.held[0], samples.held[-1]
    by = round(last.value - first.value)
    moved = f"{'grew' if by > 0 else 'shrank'} by {size(abs(by))}" if by else "did not grow"
    since = f"{datetime.fromtimestamp(first.at_ms / 1_000, zone):%H:%M}"
    return [Content.styled(f"{moved} since {since}", "$foreground-muted")]


def rows(seen: LakeSeen, now_ms: int) -> list[Row]:
    """Projects, then snapshots, then stores: what one can do something with comes first."""
    lake = seen.lake
    names = {str(each.id): each.name for each in lake.kept}
    return [
        *(_project(each, names, now_ms) for each in lake.kept),
        *(_snapshot(each, now_ms) for each in lake.generations),
        *(_store(each, lake) for each in lake.stores),
    ]


def project_of(lake: LakeStats, key: str) -> ProjectStats | None:
    """The project of a row; None for rows of other sorts."""
    return next((each for each in lake.kept if key == f"project:{each.id}"), None)


def generation_of(lake: LakeStats, key: str) -> Generation | None:
    """The snapshot of a row; None for rows of other sorts."""
    return next((g for g in lake.generations if key == f"snapshot:{g.number}"), None)


def name_of(project: ProjectStats) -> str:
    """As a person calls it: what happened outside any repository is a project without a name."""
    return one_line(project.name, 60) or "outside any repository"


def _project(each: ProjectStats, names: dict[str, str], now_ms: int) -> Row:
    asleep = each.state == "asleep"
    state = ("asleep", "$foreground-muted") if asleep else ("awake", "$text-success")
    about = [size(each.bytes) + (" on the SSD" if asleep else "")]
    if each.used_ms:
        about.append(f"used {age(each.used_ms, now_ms)}")
    joined = names.get(each.joined_to, each.joined_to)
    left = Content.assemble(
        _sort("project"),
        f"{name_of(each)}  ",
        state,
        ("  pinned", "$text-accent") if each.pinned else "",
        (f"  part of {one_line(joined, 40)}" if joined else "", "$text-secondary"),
    )
    return Row(f"project:{each.id}", left, Content.styled(" · ".join(about), "$foreground-muted"))


def _snapshot(each: Generation, now_ms: int) -> Row:
    checked = ("verified", "$text-success") if each.verified else ("not verified", "$text-error")
    left = Content.assemble(
        _sort("snapshot"),
        f"{each.number}  {age(each.at_ms, now_ms)}  ",
        checked,
        (f"  up to record {each.lsn:,}", "$foreground-muted"),
    )
    said = f"{size(each.bytes)} in {count(each.files, 'file')}"
    return Row(f"snapshot:{each.number}", left, Content.styled(said, "$foreground-muted"))


def _store(each: StoreStats, lake: LakeStats) -> Row:
    share = each.bytes / lake.bytes if lake.bytes else 0.0
    left = Content.assemble(
        _sort("store"),
        f"{each.name:<9}",
        share_bar(share, 16, STYLES.get(each.name, "$foreground")),
        (f"  {_STORES.get(each.name, '')}", "$foreground-muted"),
    )
    return Row(f"store:{each.name}", left, Content(size(each.bytes)))


def _sort(name: str) -> tuple[str, str]:
    return (f"{name:<{_SORT}} ", "$foreground-muted")


def snapshot_facts(each: Generation, now_ms: int, zone: tzinfo | None) -> Content:
    """What a snapshot is, and the command that restores it: that is never one key away."""
    verified = (
        "read back and found to be what its manifest says"
        if each.verified
        else "not read back yet, or found damaged: v verifies"
    )
    facts = (
        ("made", f"{moment(each.at_ms, now_ms, zone)}, {age(each.at_ms, now_ms)}"),
        ("holds", f"everything up to record {each.lsn:,}"),
        ("size", f"{size(each.bytes)} in {count(each.files, 'file')}"),
        ("verified", verified),
    )
    lines = [Content.assemble((f"{name:<10}", "$foreground-muted"), said) for name, said in facts]
    return Content("\n").join(
        [
            *lines,
            Content(""),
            Content(
                "Restoring builds every store anew from it. Nothing else can be done meanwhile,"
            ),
            Content("so it is typed, not pressed:"),
            Content(""),
            Content.styled(f"    {restore_command(each)}", "$text-accent"),
        ]
    )


def restore_command(each: Generation) -> str:
    """To be typed in a shell."""
    return f"postdevai restore --at {each.number}"
