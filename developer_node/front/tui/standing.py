"""How the mesh stands, as one strip and one banner: pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.content import Content

from common.model.lake import LakeStats
from common.model.laptop import LaptopStatus
from common.model.llm import InferenceStats
from common.model.node import Role
from developer_node.front.output_needs import JOIN_ANEW, PUT_OUT
from developer_node.front.output_words import count, size
from developer_node.front.tui.notebook import Notebook
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.wording import model_state, speaking_model

Light = Literal["on", "leaving", "off", "unknown"]
_SIGNS: dict[Light, tuple[str, str]] = {
    "on": ("●", "$text-success"),
    "leaving": ("◐", "$text-warning"),
    "off": ("○", "$text-error"),
    "unknown": ("○", "$foreground-muted"),
}
_ROLES: tuple[Role, ...] = ("dragon", "coordinator", "developer")
_WITH_KNOWN_ROUTES = "Work goes on with the routes that are known; new nodes have to wait."
KEPT = "What is recorded is kept here and is not sent."
"""Of a laptop that was put out: nobody takes it."""
_NAMES = {"dragon": "dragon", "coordinator": "coordinator", "developer": "laptop"}


@dataclass(frozen=True, slots=True)
class Standing:
    """A sentence for the person, and what still works."""

    sentence: str
    rest: str
    grave: bool = False


def sign(light: Light) -> tuple[str, str]:
    """The sign of a node and its style."""
    return _SIGNS[light]


def light(notebook: Notebook, role: Role) -> Light:
    """Whether a node of this role is there, as far as is known now."""
    status, state = notebook.status, notebook.state
    if notebook.lost is not None:
        return "off" if role == "developer" else "unknown"
    if role == "developer":
        return "on" if status is not None or state is not None else "unknown"
    if status is None and state is None:
        return "unknown"
    if _unreachable(status, role) or (state is not None and not _says(notebook, role)):
        return "off"
    nodes = [node for node in status.nodes if node.role == role] if status else []
    if nodes and all(node.state == "draining" for node in nodes):
        return "leaving"
    return "on"


def strip(notebook: Notebook, width: int) -> Content:
    """Nodes, outbox, lake, model; closer together on a narrow screen."""
    gap = "   " if width >= 100 else "  "
    parts: list[Content] = []
    for role in _ROLES:
        sign, style = _SIGNS[light(notebook, role)]
        space = " " if width >= 100 else ""
        parts.append(Content.assemble((f"{sign}{space}", style), _NAMES[role]))
    lights = Content(gap if width >= 100 else " ").join(parts)
    return Content(gap).join([lights, *_amounts(notebook, width)])


def banner(notebook: Notebook) -> Standing | None:
    """What is missing and what works without it; None when all is well."""
    if notebook.lost is not None:
        return _lost_banner(notebook)
    if notebook.status is not None and notebook.status.put_out:
        return Standing(PUT_OUT, f"{KEPT} {JOIN_ANEW}.", grave=True)
    waiting = notebook.state.waiting if notebook.state else _waiting(notebook.status)
    said = _sentence(notebook.state.sentence) if notebook.state else ""
    paused = _sentence(notebook.paused)
    if light(notebook, "dragon") == "off":
        why = said or (_sentence(notebook.status.dragon_unavailable) if notebook.status else "")
        kept = f" ({count(waiting, 'record')} waiting)" if waiting else ""
        goes_on = paused or f"Recording goes on{kept}."
        return Standing(
            why or "The Dragon cannot be reached.",
            f"{goes_on} {_without_dragon(notebook.status)}",
        )
    if light(notebook, "coordinator") == "off":
        why = said or (
            _sentence(notebook.status.coordinator_unavailable) if notebook.status else ""
        )
        return Standing(
            why or "The Coordinator cannot be reached.",
            f"{paused} {_WITH_KNOWN_ROUTES}".strip(),
        )
    return Standing(said or paused, paused if said else "") if said or paused else None


def _without_dragon(status: LaptopStatus | None) -> str:
    near = status.near if status else None
    if near is None or not near.symptoms:
        return "Cards, search and answers come back with it."
    known = count(near.symptoms, "failure")
    return f"Away: this laptop answers from its own memory ({known}); the rest comes back with it."


def _lost_banner(notebook: Notebook) -> Standing:
    assert notebook.lost is not None
    hint = one_line(notebook.lost.hint)
    return Standing(
        _sentence(notebook.lost.sentence) or "The laptop's daemon does not answer.",
        "What is on the screen stays; recorded commands are kept. Trying again by itself."
        + (f" {hint}" if hint else ""),
        grave=True,
    )


def _sentence(said: str) -> str:
    """As a person writes it, whoever said it."""
    said = one_line(said)
    return said[:1].upper() + said[1:] + ("" if not said or said[-1] in ".!?…" else ".")


def _amounts(notebook: Notebook, width: int) -> list[Content]:
    status = notebook.status
    if status is None or notebook.lost is not None:
        return []  # what was known of amounts is stale, and nobody is there to say how stale
    waiting = notebook.state.waiting if notebook.state else status.outbox.waiting
    parts = [
        Content.styled(f"outbox {waiting:,}", "$text-warning" if waiting else "$foreground-muted")
    ]
    if status.outbox.refused or status.outbox.gaps:
        lost = f"{status.outbox.refused + status.outbox.gaps:,} refused"
        parts.append(Content.styled(lost, "$text-error"))
    if status.lake is not None:
        parts.append(_lake(status.lake, width))
    if status.dragon_unavailable:
        return parts  # which models there are is the Dragon's to say
    model = speaking_model(status.models)
    well = model is not None and model.state in ("loaded", "loading", "ready")
    parts.append(
        Content.styled(model_state(model), "$foreground-muted" if well else "$text-warning")
    )
    if status.inference is not None and width >= 100:
        parts.append(_memory(status.inference))
    return parts


def _memory(stats: InferenceStats) -> Content:
    """What models, caches and the lake have of the machine together."""
    if stats.fault:
        return Content.styled("models have failed", "$text-error")
    used = sum(share.bytes for share in stats.shares)
    return Content.styled(f"memory {size(used)} of {size(stats.memory_bytes)}", "$foreground-muted")


def _lake(lake: LakeStats, width: int) -> Content:
    used = f"{size(lake.bytes)} of {size(lake.budget_bytes)}"
    if width < 100:
        used = used.replace(" of ", "/")
    if lake.ram:
        return Content.styled(f"RAM {used}", "$foreground-muted")
    return Content.assemble(("NOT RAM", "bold $text-warning"), (f" {used}", "$foreground-muted"))


def _unreachable(status: LaptopStatus | None, role: Role) -> bool:
    if status is None:
        return False
    return bool(status.dragon_unavailable if role == "dragon" else status.coordinator_unavailable)


def _says(notebook: Notebook, role: Role) -> bool:
    assert notebook.state is not None
    return notebook.state.dragon if role == "dragon" else notebook.state.coordinator


def _waiting(status: LaptopStatus | None) -> int:
    return status.outbox.waiting if status else 0
