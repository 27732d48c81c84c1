"""What is said to a screen reader: whole sentences, no signs, no boxes, no columns. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import tzinfo

from textual.content import Content

from common.model.failure import Suggestion
from common.model.laptop import LaptopStatus, WorkContext
from common.model.task import TaskPage
from developer_node.front.output_needs import JOIN_ANEW, PUT_OUT
from developer_node.front.output_nodes import follows, wrong
from developer_node.front.output_words import count, percent, size
from developer_node.front.tui.card import (
    facts_of_failure,
    facts_of_knowledge,
    facts_of_remedy,
    headline,
)
from developer_node.front.tui.needs import needs
from developer_node.front.tui.node_rows import circuit_rows, laptop_rows, work_rows
from developer_node.front.tui.notebook import Notebook
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.rows import Row, TimelineRows
from developer_node.front.tui.sightings import told
from developer_node.front.tui.standing import KEPT
from developer_node.front.tui.task_rows import task_rows
from developer_node.front.tui.wording import short_commit

ROWS = 10
_SIGNS = {
    "✓": "passed:",
    "✗": "failed:",
    "◆": "git:",
    "▸": "running:",
    "◇": "working copy:",
    "⊢": "proof:",
    "⚙": "done in your name:",
    "●": "there:",
    "◐": "leaving:",
    "○": "away:",
    "→": "to",
    "…": "and more",
    "⏎": "Enter",
}
_SAVED = re.compile(r"(?<=\s)·(?=\s)")
_DRAWN = re.compile(r"[\u2500-\u259f■□▁-█]+")


def aloud(text: str) -> str:
    """One line without what a reader would spell."""
    for mark, word in _SIGNS.items():
        text = text.replace(mark, f" {word} ")
    text = _DRAWN.sub(" ", text)
    return " ".join(text.replace(" · ", ", ").split())


def row(shown: Row) -> str:
    """A row of a list as one sentence."""
    left = _SAVED.sub("saved:", f" {shown.left.plain} ", count=1)
    right = shown.right.plain.strip()
    return aloud(f"{left}, {right}" if right else left)


def home(notebook: Notebook, now_ms: int, zone: tzinfo | None) -> Iterator[str]:
    """What needs the person, then how busy the mesh is."""
    found = needs(notebook, now_ms, zone)
    yield f"{count(len(found), 'thing')} need you." if len(found) != 1 else "1 thing needs you."
    for need in found:
        yield aloud(f"{need.sentence.rstrip('.')}.")
    status = notebook.status
    if status is None or notebook.lost is not None:
        return
    for node in status.nodes:
        load = node.load
        uses = f"{percent(load.cpu)} of a processor, {size(load.rss_bytes)} of memory"
        yield f"{node.role} node: {node.state}, {uses}."
    yield from lake(status)


def timeline(notebook: Notebook, rows: int, now_ms: int, zone: tzinfo | None) -> Iterator[str]:
    """The newest first."""
    held = TimelineRows().rows(told(notebook.entries()), now_ms, zone)
    yield from (row(each) for each in held[:rows])
    if not held:
        yield "Nothing has happened yet."


def failures(notebook: Notebook) -> Iterator[str]:
    """Cards by number."""
    cards = notebook.cards()
    for number, card in enumerate(cards[:ROWS], 1):
        new = ", new" if card.id in notebook.unseen else ""
        yield f"{number}: {aloud(headline(card).plain)}{new}."
    yield "Type card and a number to hear one." if cards else "No failure has come back yet."


def card(shown: Suggestion, now_ms: int, zone: tzinfo | None) -> Iterator[str]:
    """Everything about a failure and its first remedy."""
    facts = [*facts_of_knowledge(shown), *facts_of_failure(shown, now_ms, zone)]
    for fact in facts:
        yield _fact(fact.label, fact.said)
    for remedy in shown.recollection.remedies[:1]:
        for fact in facts_of_remedy(shown, remedy, {}):
            yield _fact(fact.label, fact.said)
        yield "Type diff and the number to hear the change."


def diff(shown: Suggestion) -> Iterator[str]:
    """Each line with the word for its mark."""
    words = {"+": "added", "-": "removed", " ": "same", "@": "place"}
    remedies = shown.recollection.remedies
    lines = remedies[0].diff.split("\n") if remedies and remedies[0].diff else []
    for line in lines:
        if line[:1] in words and not line.startswith(("+++", "---")):
            yield f"{words[line[:1]]}: {one_line(line[1:])}"
    if not lines:
        yield "There is no diff."


def lake(status: LaptopStatus) -> Iterator[str]:
    """How full it is, and the projects in it."""
    held = status.lake
    if held is None:
        yield "The lake is not known without the Dragon."
        return
    where = "in RAM" if held.ram else "not in RAM"
    yield f"The lake is {where}: {size(held.bytes)} of {size(held.budget_bytes)}."
    for project in held.kept:
        yield f"Project {one_line(project.name)}: {project.state}, {size(project.bytes)}."


def models(status: LaptopStatus) -> Iterator[str]:
    """Each with its state."""
    if status.dragon_unavailable:
        yield "The models are not known without the Dragon."
    for model in status.models:
        moving = f" {percent(model.progress)}" if model.state in ("arriving", "loading") else ""
        yield f"{one_line(model.name)}, {model.purpose}: {model.state}{moving}."


def context(known: WorkContext) -> Iterator[str]:
    """What is being worked on."""
    if not known.working_copy:
        yield "Nothing is watched."
        return
    at = f"{known.branch or 'no branch'} at {short_commit(known.head) or 'no commit'}"
    yield f"{one_line(known.working_copy)}: {at}."
    yield f"{count(known.commands, 'command')} in this session, {known.failed_commands} failed."
    for name, paths in (("Pinned", known.pinned), ("Excluded", known.excluded)):
        if paths:
            yield f"{name}: {', '.join(one_line(path) for path in paths)}."
    if known.note:
        yield f"Note: {one_line(known.note)}"


def nodes(
    status: LaptopStatus, known: TaskPage | None, now_ms: int, zone: tzinfo | None
) -> Iterator[str]:
    """Who is there, how calls fare, what is to be done, what runs."""
    if status.put_out:
        yield f"{PUT_OUT} {KEPT} {JOIN_ANEW}."
        yield from (row(shown) for shown in laptop_rows(status, now_ms, zone))
        return
    if status.coordinator_unavailable:
        yield "Which nodes there are is not known without the Coordinator."
    for node in status.nodes:
        address = f" at {one_line(node.address)}" if node.address else ""
        yield f"{node.role} node{address}: {node.state}, pid {node.pid}."
        for each in filter(None, (follows(node, status.nodes), *wrong(node, status.nodes))):
            yield f"{node.role} node: {one_line(each, 400)}."
    for shown in (*laptop_rows(status, now_ms, zone), *circuit_rows(status, now_ms)):
        yield row(shown)
    for shown in (*task_rows(known, now_ms), *work_rows(status)):
        yield row(shown)


def _fact(label: str, said: Content) -> str:
    return aloud(f"{label}: {said.plain}" if label else said.plain)
