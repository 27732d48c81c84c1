"""Long work as one line: how far it is, how to end it, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from textual.content import Content

from common.model.lake import LakeStep
from common.model.llm import Model
from developer_node.front.output_words import percent, size
from developer_node.front.tui.bars import share_bar
from developer_node.front.tui.plain import one_line

Phase = Literal["running", "done", "failed", "cancelled"]
_BAR = 14
_SIGNS: dict[Phase, tuple[str, str]] = {
    "running": ("▸", "$text-accent"),
    "done": ("✓", "$text-success"),
    "failed": ("✗", "$text-error"),
    "cancelled": ("–", "$text-warning"),
}


@dataclass(frozen=True, slots=True)
class Work:
    """One at a time in a view."""

    name: str
    """For people: "Snapshot", "Loading Qwen3-8B"."""
    said: str = ""
    share: float | None = None
    """None while it is not known."""
    phase: Phase = "running"
    well: bool = True
    """No step has found anything wrong."""
    there: bool = False
    """Should it end now, it has done what it was for."""
    cancel_means: str = "Esc cancels"

    @property
    def running(self) -> bool:
        """It has not come to its end."""
        return self.phase == "running"


def after_step(work: Work, step: LakeStep) -> Work:
    """One step on; the first thing that was wrong stays said."""
    said = one_line(step.sentence or step.step, 200)
    well = work.well and step.ok
    if not work.well and not step.ended:
        said = work.said
    if step.ended:
        return replace(work, said=said, well=well, phase="done" if well else "failed", share=None)
    return replace(work, said=said, well=well, share=step.done / step.total if step.total else None)


def after_piece(work: Work, model: Model) -> Work:
    """A model that arrives or loads, as far as it is."""
    said = model.state
    if model.total_bytes:
        said += f" {size(model.arrived_bytes)} of {size(model.total_bytes)}"
    if model.detail:
        said += f", {one_line(model.detail, 160)}"
    if model.state == "failed":
        return replace(work, said=said, phase="failed", share=None, well=False)
    there = model.state in ("loaded", "ready")
    return replace(work, said=said, share=model.progress, there=there)


def ended(work: Work) -> Work:
    """Its steps have come to an end: without a last word nothing says that it worked."""
    if not work.running:
        return work
    if work.there:
        return replace(work, phase="done", share=None)
    return replace(work, phase="failed", share=None, said="it ended before it was done")


def work_line(work: Work) -> Content:
    """One line."""
    sign, style = _SIGNS[work.phase]
    name = Content.assemble((f"{sign} ", style), (f"{work.name}  ", "bold"))
    if not work.running:
        said = work.said or work.phase
        return Content.assemble(name, (said, style if work.phase != "done" else ""))
    bar = Content("")
    if work.share is not None:
        bar = Content.assemble(share_bar(work.share, _BAR), f" {percent(work.share)}  ")
    warned = "" if work.well else "$text-error"
    end = (f"{work.cancel_means}  ", "$text-accent")
    return Content.assemble(name, bar, end, (work.said, warned or "$foreground-muted"))
