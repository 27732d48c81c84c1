"""The gauges of the Dashboard: nodes, machines, lake, models, events by the minute: pure."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from common.model.laptop import LaptopStatus
from common.model.llm import InferenceStats, Model
from common.model.node import Node
from developer_node.front.output_words import count, percent, size
from developer_node.front.tui.bars import flowed, legend, share_bar, sparkline, stacked
from developer_node.front.tui.notebook import Notebook
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.pulse import Pulse, by_minute
from developer_node.front.tui.standing import sign
from developer_node.front.tui.wording import speaking_model

MODELS_MAX = 3
SHARE_STYLES = {
    "weights": "$primary",
    "kv": "$success",
    "prompt cache": "$warning",
    "embedder": "$secondary",
    "lake": "$foreground",
    "reserve": "$foreground-muted",
}
_LABEL = 13
_SPARK = 8
_QUIET = "$foreground-muted"


def at_a_glance(notebook: Notebook, pulse: Pulse, now_ms: int, width: int) -> Content:
    """A line each; what is not known now is said, not shown as it was."""
    lines = list(_lines(notebook, pulse, now_ms, width))
    return Content("\n").join(lines)


def _lines(notebook: Notebook, pulse: Pulse, now_ms: int, width: int) -> Iterator[Content]:
    status = notebook.status
    if notebook.lost is not None or status is None:
        yield Content.styled("Not known while the laptop's daemon does not answer.", _QUIET)
        return
    if status.put_out:
        yield _labelled("mesh", Content.styled("this laptop was put out of it", "$text-error"))
        yield _events(notebook, now_ms)
        yield _outbox(status)
        return
    if status.coordinator_unavailable:
        yield _labelled("nodes", Content.styled("not known without the Coordinator", _QUIET))
    else:
        for node in sorted(status.nodes, key=lambda node: (node.role, node.id)):
            yield _node(node, pulse, width)
    yield _events(notebook, now_ms)
    yield _outbox(status)
    if status.dragon_unavailable:
        yield _labelled("lake, models", Content.styled("not known without the Dragon", _QUIET))
        return
    yield _lake(status, width)
    if status.inference is not None:
        yield from _memory(status.inference, width)
    yield from _models(status)


def _node(node: Node, pulse: Pulse, width: int) -> Content:
    light, style = sign("leaving" if node.state == "draining" else "on")
    if node.state == "gone" or node.lease_s < 0 or node.put_out:
        light, style = sign("off")
        how = " put out" if node.put_out else " gone"
        return Content.assemble((f"{light} ", style), f"{node.role:<12}", (how, _QUIET))
    load = node.load
    curve = sparkline(pulse.cpu(node.id)[-_SPARK:], _SPARK, top=1.0)
    parts = [
        Content.assemble((f"{light} ", style), f"{node.role:<11}"),
        Content.assemble((f"{curve:>{_SPARK}}", "$primary"), f" {percent(load.cpu):>5}"),
        Content(f"{size(load.rss_bytes) if load.rss_bytes else '?':>6}"),
    ]
    if load.machine_memory_bytes_max:
        used = f"{size(load.machine_memory_bytes)} of {size(load.machine_memory_bytes_max)}"
        machine = f"machine {percent(load.machine_cpu)}, {used}"
        parts.append(Content.styled(machine, _QUIET))
    return Content("  ").join(parts).truncate(width, ellipsis=True)


def _events(notebook: Notebook, now_ms: int) -> Content:
    minutes = by_minute(notebook.entries(), now_ms)
    curve = (sparkline(minutes, len(minutes)), "$primary")
    return _labelled("events", Content.assemble(curve, f" {int(minutes[-1])} in this minute"))


def _outbox(status: LaptopStatus) -> Content:
    waiting = status.outbox.waiting
    how = "wait for the Dragon" if status.dragon_unavailable else "on the way"
    how = "kept here, not sent" if status.put_out else how
    said = f"{count(waiting, 'record')} {how}" if waiting else "nothing waits"
    spooled = f", {status.outbox.spooled:,} from while it was down" if status.outbox.spooled else ""
    return _labelled("outbox", Content(f"{said}{spooled}"))


def _lake(status: LaptopStatus, width: int) -> Content:
    lake = status.lake
    if lake is None:
        return _labelled("lake", Content.styled("not known", _QUIET))
    bar = share_bar(lake.bytes / max(1, lake.budget_bytes), _bar_width(width))
    where = "" if lake.ram else ", not in RAM"
    return _labelled(
        "lake", Content.assemble(bar, f" {size(lake.bytes)} of {size(lake.budget_bytes)}{where}")
    )


def _memory(stats: InferenceStats, width: int) -> Iterator[Content]:
    shares = [(share.name, share.bytes) for share in stats.shares]
    used = sum(taken for _, taken in shares)
    bar = stacked(shares, stats.memory_bytes, _bar_width(width), SHARE_STYLES)
    said = f" {size(used)} of {size(stats.memory_bytes)}"
    yield _labelled("models have", Content.assemble(bar, said))
    words = flowed(legend(shares, stats.memory_bytes, SHARE_STYLES), width - _LABEL - 2 - 1)
    for line in words.split("\n"):
        if line:
            yield _labelled("", line)


def _models(status: LaptopStatus) -> Iterator[Content]:
    if not status.models:
        yield _labelled("models", Content.styled("none", _QUIET))
        return
    speaks = speaking_model(status.models)
    told = sorted(status.models, key=lambda model: (model is not speaks, model.state != "loaded"))
    for place, model in enumerate(told[:MODELS_MAX]):
        yield _labelled("" if place else "models", _model(model, status.inference))
    if len(told) > MODELS_MAX:
        yield _labelled("", Content.styled(f"{len(told) - MODELS_MAX} more", _QUIET))


def _model(model: Model, stats: InferenceStats | None) -> Content:
    moving = model.state in ("arriving", "loading")
    said = f" {model.state}" + (f" {percent(model.progress)}" if moving else "")
    speed = ""
    if stats is not None and model.state == "loaded" and model.requests and stats.tokens_per_s:
        speed = f", {stats.tokens_per_s:.0f} tokens/s"
    style = "$text-error" if model.state == "failed" else _QUIET
    return Content.assemble(one_line(model.name, 36), (f"{said}{speed}", style))


def _labelled(label: str, content: Content) -> Content:
    return Content.assemble((f"  {label:<{_LABEL - 2}}  ", _QUIET), content)


def _bar_width(width: int) -> int:
    return max(10, min(24, width - 44))
