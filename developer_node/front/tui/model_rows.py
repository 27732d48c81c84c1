"""The models in lines: who takes the memory, who is there, what each of them is."""

from __future__ import annotations

from datetime import tzinfo

from textual.content import Content

from common.model.llm import InferenceStats, Model
from developer_node.front.output_words import count, percent, size
from developer_node.front.tui.bars import flowed, legend, sparkline, stacked
from developer_node.front.tui.gauges import ModelsSeen, Samples
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.rows import Row
from developer_node.front.tui.wording import age, moment

STYLES = {
    "weights": "$accent",
    "kv": "$primary",
    "prompt cache": "$success",
    "embedder": "$secondary",
    "lake": "$foreground",
    "reserve": "$foreground-muted",
}
STATE_STYLES = {
    "loaded": "$text-success",
    "ready": "",
    "loading": "$text-accent",
    "arriving": "$text-accent",
    "missing": "$foreground-muted",
    "failed": "$text-error",
}
_CURVE = 18
_ROW_CURVE = 12
_SPEED = "tokens/s over 10 s"


def head(seen: ModelsSeen, speed: Samples, width: int, now_ms: int, zone: tzinfo | None) -> Content:
    """What the memory is spoken for, and how fast words come."""
    stats = seen.inference
    lines: list[Content] = []
    if not seen.now:
        said = f"As it was at {moment(seen.at_ms, now_ms, zone)}, not now."
        lines.append(Content.styled(said, "bold $text-warning"))
    if stats is None:
        lines.append(Content.styled("Nothing is known of the memory.", "$text-warning"))
        return Content("\n").join(lines)
    shares = [(share.name, share.bytes) for share in stats.shares]
    used = sum(taken for _, taken in shares)
    free = max(0, stats.memory_bytes - used)
    first = Content.assemble(
        (f"{size(used)} of {size(stats.memory_bytes)} spoken for", "bold"),
        (f", {size(free)} free", "$foreground-muted"),
    )
    lines += [
        flowed([first, *_device(stats)], width, " · "),
        stacked(shares, stats.memory_bytes, width, STYLES),
        flowed(legend(shares, stats.memory_bytes, STYLES), width),
        _pace(stats, speed, now=seen.now),
    ]
    return Content("\n").join(lines)


def _device(stats: InferenceStats) -> list[Content]:
    if not stats.device:
        return []
    said = one_line(stats.device, 60)
    if stats.device_bytes > 0:
        said += f", {size(stats.device_used_bytes)} of {size(stats.device_bytes)} in use"
    if stats.device_busy >= 0:
        said += f", {percent(stats.device_busy)} busy"
    return [Content.styled(said, "$foreground-muted")]


def _pace(stats: InferenceStats, speed: Samples, *, now: bool) -> Content:
    if stats.fault:
        return Content.styled(one_line(stats.fault, 300), "$text-error")
    values = [sample.value for sample in speed.held]
    work = f"{stats.running} running, {stats.waiting} waiting"
    if not now or not values:
        return Content.styled(work, "$foreground-muted")
    return Content.assemble(
        f"{work}  ",
        (sparkline(values, _CURVE), "$primary"),
        f"  {stats.tokens_per_s:.1f} {_SPEED}",
        (f", top {max(values):.0f}", "$foreground-muted"),
    )


def rows(seen: ModelsSeen, speeds: dict[str, Samples], now_ms: int) -> list[Row]:
    """In catalogue order."""
    width = max((len(model.name) for model in seen.models), default=0)
    return [_row(model, min(width, 40), speeds.get(model.name), now_ms) for model in seen.models]


def model_of(seen: ModelsSeen, key: str) -> Model | None:
    """The model of a row."""
    return next((model for model in seen.models if model.name == key), None)


def state_words(model: Model) -> str:
    """ "loaded", "arriving 40 %"."""
    coming = model.state in ("arriving", "loading")
    return f"{model.state} {percent(model.progress)}" if coming else model.state


def _row(model: Model, width: int, speed: Samples | None, now_ms: int) -> Row:
    state = state_words(model)
    left = Content.assemble(
        f"{one_line(model.name, 60):<{width}}  ",
        (f"{model.purpose:<9}  ", "$foreground-muted"),
        (f"{state:<8}", STATE_STYLES[model.state]),
        ("  pinned", "$text-accent") if model.pinned else "",
        ("  in use", "$text-secondary") if model.active else "",
        (f"  {one_line(_why(model), 200)}", "$foreground-muted") if _why(model) else "",
    )
    about: list[str | tuple[str, str]] = []
    values = [sample.value for sample in speed.held] if speed else []
    if any(values):
        about += [(sparkline(values, _ROW_CURVE), "$primary"), f" {values[-1]:.1f}/s  "]
    if model.requests:
        about.append(f"{count(model.requests, 'request')}  ")
    elif model.used_ms and not any(values):
        about.append((f"used {age(model.used_ms, now_ms)}  ", "$foreground-muted"))
    takes = model.bytes or model.needs_bytes or model.total_bytes
    about.append(size(takes) if takes else "size not known")
    return Row(model.name, left, Content.assemble(*about))


def _why(model: Model) -> str:
    return model.detail if model.state in ("missing", "failed") else model.reason


def facts(model: Model, seen: ModelsSeen, now_ms: int, zone: tzinfo | None) -> Content:
    """All that is known of one model."""
    said = (
        ("state", ". ".join(p for p in (state_words(model), model.reason, model.detail) if p)),
        ("purpose", f"{model.purpose}, priority {model.priority}"),
        ("memory", _needs(model, seen)),
        ("size", _sizes(model)),
        ("context", f"{model.context:,} tokens of question and answer" if model.context else ""),
        ("source", model.source),
        ("instead", _instead(model)),
        ("draft by", model.draft),
        ("cache", f"quantised to {model.kv_bits} bits" if model.kv_bits else ""),
        ("used", moment(model.used_ms, now_ms, zone) if model.used_ms else "not since the start"),
    )
    lines = [
        Content.assemble((f"{name:<10}", "$foreground-muted"), one_line(words, 400))
        for name, words in said
        if words
    ]
    return Content("\n").join([Content.styled(one_line(model.name, 80), "bold"), *lines])


def _instead(model: Model) -> str:
    return f"{', '.join(model.alternatives)} may speak for it" if model.alternatives else ""


def _sizes(model: Model) -> str:
    parts = [count(model.parameters, "parameter")] if model.parameters else []
    if model.disk_bytes:
        parts.append(f"{size(model.disk_bytes)} on the SSD")
    elif model.total_bytes:
        parts.append(f"{size(model.arrived_bytes)} of {size(model.total_bytes)} have arrived")
    return ", ".join(parts)


def _needs(model: Model, seen: ModelsSeen) -> str:
    if model.bytes:
        said = f"{size(model.bytes)} of weights"
    elif model.needs_bytes:
        said = f"needs {size(model.needs_bytes)} of weights"
    else:
        return ""
    if model.kv_bytes_per_token:
        said += f", {size(model.kv_bytes_per_token)} for each token of a request"
    stats = seen.inference
    if model.bytes or stats is None or not seen.now:
        return said
    free = stats.memory_bytes - sum(share.bytes for share in stats.shares)
    fits = "" if free >= model.needs_bytes else ", so others leave the memory for it"
    return f"{said}; {size(max(0, free))} are free now{fits}"
