"""Models for people: what the memory is spoken for, which models there are, what each needs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import aclosing

from common.model.llm import InferenceStats, Model, ModelChange, ModelList
from developer_node.front.output_bar import bar, legend
from developer_node.front.output_page import Line, Page, Span, line
from developer_node.front.output_progress import steps
from developer_node.front.output_words import ago, count, percent, size, when

STYLES = {
    "weights": "magenta",
    "kv": "cyan",
    "prompt cache": "green",
    "embedder": "blue",
    "lake": "yellow",
    "reserve": "dim",
}
STATE_STYLES = {
    "loaded": "green",
    "ready": "",
    "loading": "cyan",
    "arriving": "cyan",
    "missing": "dim",
    "failed": "red",
}


def page(catalog: ModelList, stats: InferenceStats, now_ms: int) -> list[Line]:
    """The whole page of `postdevai models`."""
    lines = [*memory(stats), *_work(stats), line(), *_models(catalog.models, now_ms)]
    if catalog.catalog_fault:
        lines += [line(), line(Span(catalog.catalog_fault, "red"))]
    elif catalog.catalog_path:
        lines += [line(), _row("Catalogue", Span(catalog.catalog_path, "dim"))]
    return lines


def memory(stats: InferenceStats) -> list[Line]:
    """What the memory is spoken for, as one bar and its legend."""
    shares = [(share.name, share.bytes) for share in stats.shares]
    used = sum(taken for _, taken in shares)
    return [
        _row("Memory", f"{size(used)} of {size(stats.memory_bytes)} spoken for"),
        _row("", *bar(shares, stats.memory_bytes, STYLES)),
        _row("", *legend(shares, STYLES)),
    ]


def _work(stats: InferenceStats) -> list[Line]:
    if stats.fault:
        return [_row("Work", Span(stats.fault, "red"))]
    now = f"{stats.running} running, {stats.waiting} waiting"
    speed = f", {stats.tokens_per_s:.1f} tokens/s" if stats.running else ""
    lines = [_row("Work", f"{now}{speed}")]
    if stats.device:
        lines.append(_row("Device", *_device(stats)))
    return lines


def _device(stats: InferenceStats) -> list[str | Span]:
    parts = [stats.device]
    if stats.device_bytes > 0:
        parts.append(f"{size(stats.device_used_bytes)} of {size(stats.device_bytes)} in use")
    if stats.device_busy >= 0:
        parts.append(f"{percent(stats.device_busy)} busy")
    if stats.gflops > 0:
        parts.append(f"{stats.gflops:.0f} GFLOP/s")
    return [", ".join(parts)]


def _models(models: Sequence[Model], now_ms: int) -> list[Line]:
    if not models:
        return [_row("Models", "none")]
    width = max(len(m.name) for m in models)
    return [_row("" if i else "Models", *_model(m, width, now_ms)) for i, m in enumerate(models)]


def _model(m: Model, width: int, now_ms: int) -> list[str | Span]:
    state = Span(f"{state_words(m):<14}", STATE_STYLES.get(m.state, ""))
    return [
        f"{m.name:<{width}}  {m.purpose:<10} ",
        state,
        Span(" · ".join(_about(m, now_ms)), "dim"),
    ]


def state_words(m: Model) -> str:
    """ "loaded", "arriving 40 %"."""
    return f"{m.state} {percent(m.progress)}" if m.state in ("arriving", "loading") else m.state


def _about(m: Model, now_ms: int) -> list[str]:
    about: list[str] = []
    if m.bytes or m.needs_bytes or m.total_bytes:
        about.append(size(m.bytes or m.needs_bytes or m.total_bytes))
    if m.pinned:
        about.append("pinned")
    if m.active:
        about.append("in use")
    if m.requests:
        about.append(count(m.requests, "request"))
    elif m.used_ms:
        about.append(f"used {ago(m.used_ms, now_ms)}")
    if m.state in ("missing", "failed") and m.detail:
        about.append(m.detail)
    elif m.reason:
        about.append(m.reason)
    return about


def info(m: Model, stats: InferenceStats) -> list[Line]:
    """All that is known of one model."""
    facts: list[tuple[str, str]] = [
        ("Purpose", f"{m.purpose}, priority {m.priority}"),
        ("State", " · ".join(p for p in (state_words(m), m.reason, m.detail) if p)),
        ("Source", m.source),
        ("Size", _sizes(m)),
        ("Context", f"{m.context:,} tokens" if m.context else ""),
        ("Memory", _needs(m, stats)),
        ("Pinned", "yes: never evicted" if m.pinned else "no"),
        ("Instead", ", ".join(m.alternatives)),
        ("Draft", m.draft),
        ("KV cache", f"quantised to {m.kv_bits} bits" if m.kv_bits else ""),
        ("Tools", "yes" if m.tools else ""),  # nobody knows that it takes none before it is read
        ("Used", when(m.used_ms) if m.used_ms else ""),
    ]
    return [line(Span(m.name, "bold")), *(_row(k, v) for k, v in facts if v)]


def _sizes(m: Model) -> str:
    parts = [count(m.parameters, "parameter")] if m.parameters else []
    if m.disk_bytes:
        parts.append(f"{size(m.disk_bytes)} on disk")
    return ", ".join(parts)


def _needs(m: Model, stats: InferenceStats) -> str:
    """What it takes, and whether that is free."""
    if not (m.bytes or m.needs_bytes):
        return ""
    said = f"{size(m.bytes)} of weights" if m.bytes else f"needs {size(m.needs_bytes)} of weights"
    if m.kv_bytes_per_token:
        said += f", {size(m.kv_bytes_per_token)} for each token of a request"
    free = stats.memory_bytes - sum(share.bytes for share in stats.shares)
    return said if m.bytes else f"{said}; {size(max(0, free))} are free now"


def change(c: ModelChange) -> Line:
    """One line of `models watch`."""
    why = c.model.reason or c.model.detail
    return line(
        Span(f"{when(c.at_ms)}  ", "dim"),
        Span(c.model.name, "bold"),
        "  ",
        Span("gone" if c.gone else state_words(c.model), STATE_STYLES.get(c.model.state, "")),
        Span(f"  {why}" if why else "", "dim"),
    )


def done(m: Model) -> Line:
    """What a model is after it was changed."""
    parts = [state_words(m)]
    if m.pinned:
        parts.append("pinned")
    if m.bytes:
        parts.append(size(m.bytes))
    why = f": {m.detail}" if m.state == "failed" and m.detail else "."
    return line(Span(m.name, "bold"), f" is {', '.join(parts)}{why}")


def unloaded(before: Model, after: Model) -> Line:
    """That it has left, or that there was nothing to leave."""
    if before.state not in ("loaded", "loading"):
        return line(Span(after.name, "bold"), " was not in memory.")
    return line(Span(after.name, "bold"), f" has left the memory, {size(before.bytes)}.")


async def waited(leaving: Awaitable[Model], before: Model, output: Page) -> Model:
    """Says what is waited for: a model leaves when its requests have ended."""
    said = f"{before.name}: unloading"
    if before.requests:
        said = f"waiting for {count(before.requests, 'request')} of {before.name}; --now ends them"
    with steps(output, said) as progress:
        progress.now(said)
        return await leaving


async def follow(coming: AsyncGenerator[Model], output: Page, first: str) -> Model | None:
    """A bar while a model arrives or loads; the last that was heard of it."""
    last: Model | None = None
    with steps(output, first) as progress:
        async with aclosing(coming) as models:
            async for last in models:
                progress.now(_now(last), last.progress)
    return last


def _now(m: Model) -> str:
    said = f"{m.name}: {m.state}"
    if m.total_bytes:
        said += f" {size(m.arrived_bytes)} of {size(m.total_bytes)}"
    return f"{said}, {m.detail}" if m.detail else said


def _row(label: str, *parts: str | Span) -> Line:
    return line(Span(f"{label:<11}", "bold"), *parts)
