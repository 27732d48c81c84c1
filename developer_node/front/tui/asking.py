"""What can be chosen for a question: who answers, and what is asked. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from common.model.laptop import LaptopStatus
from common.model.llm import Model, ModelState
from developer_node.front.output_words import percent
from developer_node.front.tui.screens.pick import Choice
from developer_node.front.tui.wording import DEMONSTRATION_BELOW

_ORDER: tuple[ModelState, ...] = ("loaded", "loading", "ready", "arriving", "failed", "missing")


def model_choices(models: Sequence[Model]) -> list[Choice]:
    """Nobody in particular, then those that answer: in memory first."""
    speakers = [model for model in models if model.purpose != "embedding"]
    speakers.sort(key=lambda model: (_ORDER.index(model.state), model.priority, model.name))
    return [
        Choice("", "the best there is", "the Dragon chooses"),
        *(Choice(model.name, model.name, _about(model)) for model in speakers),
    ]


def scope_choices(status: LaptopStatus | None) -> list[Choice]:
    """Everything, then each project that the lake has."""
    lake = status.lake if status else None
    names = {project.name for project in lake.kept} if lake else set[str]()
    names |= {project.project for project in lake.freshness.projects} if lake else set[str]()
    named = sorted((name for name in names if name), key=str.lower)
    return [Choice("", "everything"), *(Choice(name, name) for name in named)]


def _about(model: Model) -> str:
    state = model.state
    if state in ("arriving", "loading"):
        state = f"{state} {percent(model.progress)}"
    small = ", demonstration" if 0 < model.parameters < DEMONSTRATION_BELOW else ""
    return f"{model.purpose}{small} · {state}"
