"""Which node may do a task, how often, and how long it waits between: pure decisions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

from common.errors import Denied, Invalid
from common.model.ids import NodeId, short_hash
from common.model.node import Identity, Role
from common.model.task import Offer, Task, TaskKind, TaskWish

KINDS: tuple[TaskKind, ...] = get_args(TaskKind)
OF_ROLE: dict[Role, frozenset[TaskKind]] = {
    "dragon": frozenset(("reindex", "summarise", "compact", "snapshot")),
    "developer": frozenset(("prove",)),
}
"""Who has executors for what. A proof is run by the laptop on which the person agreed to it."""
WITH_PROJECT: frozenset[TaskKind] = frozenset(("reindex", "summarise"))
ATTEMPTS_MAX: dict[TaskKind, int] = {
    "reindex": 3,
    "prove": 2,
    "summarise": 3,
    "compact": 3,
    "snapshot": 3,
}
PAUSE_FIRST_S, PAUSE_FACTOR, PAUSE_MOST_S = 2.0, 3.0, 300.0
SLOTS_MAX = 8
"""Tasks that one node has at a time, whatever it asks for."""
KEY_MAX, WORDS_MAX, PROJECTS_MAX = 128, 1_000, 4_000
SUBMITTERS_NODE = "a proof is run only on the laptop where the person agreed to it"


def pause_s(attempts: int) -> float:
    """How long a task waits after so many attempts have failed."""
    return min(PAUSE_MOST_S, PAUSE_FIRST_S * PAUSE_FACTOR ** max(0, attempts - 1))


def topics(task: Task) -> tuple[str, ...]:
    """What a worker must offer, every one of them, to be given the task."""
    needed = [f"kind/{task.kind}"]
    if task.project and task.kind != "prove":
        needed.append(_project(task.project))
    if task.node:
        needed.append(f"node/{task.node}")
    return tuple(needed)


def offered(worker: Identity, offer: Offer) -> tuple[str, ...]:
    """What a worker offers. Denied when its role has nothing to do with a kind."""
    foreign = sorted(set(offer.kinds) - OF_ROLE.get(worker.role, frozenset()))
    if foreign:
        raise Denied(f"a {worker.role} does not {foreign[0]}")
    if len(offer.projects) > PROJECTS_MAX:
        raise Invalid(f"projects must be at most {PROJECTS_MAX:,}", field="projects")
    return (
        *(f"kind/{kind}" for kind in offer.kinds),
        *(_project(name) for name in dict.fromkeys(offer.projects)),
        f"node/{worker.id}",
    )


def checked(wish: TaskWish, submitter: Identity) -> TaskWish:
    """The wish with its node; Invalid or Denied when it cannot be."""
    if not 1 <= len(wish.key) <= KEY_MAX:
        raise Invalid(f"key must have 1 to {KEY_MAX} characters", field="key")
    if not 0 <= wish.priority <= 9:
        raise Invalid(f"priority is {wish.priority}; it must be 0 to 9", field="priority")
    for name, value in (("project", wish.project), ("subject", wish.subject), ("node", wish.node)):
        if len(value) > WORDS_MAX:
            raise Invalid(f"{name} must have at most {WORDS_MAX:,} characters", field=name)
    if wish.node and not is_id(wish.node):
        raise Invalid("node must be a node's id", field="node")
    if wish.kind in WITH_PROJECT and not wish.project:
        raise Invalid(f"{wish.kind} needs a project", field="project", hint="Add --project NAME.")
    if wish.project and wish.kind not in WITH_PROJECT:
        raise Invalid(f"{wish.kind} takes no project", field="project", hint="Leave it out.")
    if wish.kind != "prove":
        return wish
    return _proof(wish, submitter)


def is_id(words: str) -> bool:
    """Whether it may be a node's id, or how one begins."""
    return len(words) <= WORDS_MAX and words.isascii() and words.isalnum()


def at_node(wish: TaskWish, node: NodeId, role: Role, *, welcome: bool) -> TaskWish:
    """The wish for that node alone. Denied or Invalid when the node will never do it."""
    if not welcome:
        raise Denied(
            f"the {role} {node} is no longer welcome",
            hint="name another one; `postdevai nodes` shows who is there",
        )
    if wish.kind not in OF_ROLE.get(role, frozenset()):
        raise Invalid(
            f"{node} is a {role}, and {wish.kind} is done by a {_who_does(wish.kind)}",
            field="node",
            hint="see `postdevai nodes`",
        )
    return replace(wish, node=node)


def _who_does(kind: TaskKind) -> Role:
    return next(role for role, kinds in OF_ROLE.items() if kind in kinds)


def _proof(wish: TaskWish, submitter: Identity) -> TaskWish:
    if not wish.subject:
        raise Invalid("prove needs a remedy", field="subject", hint="Add --remedy ID.")
    if submitter.role != "developer" or wish.node not in ("", submitter.id):
        raise Denied(SUBMITTERS_NODE)
    if not wish.consent:
        raise Denied(
            "a proof needs your consent: it runs the recorded command again, in a sandbox",
            hint="Say yes to it, or pass --yes.",
        )
    return TaskWish(
        wish.kind, wish.key, wish.project, wish.subject, wish.priority, submitter.id, True
    )


def missing(task: Task, offers: Iterable[tuple[NodeId, tuple[str, ...]]]) -> str:
    """Why nobody who is there can do a task that waits; empty when somebody can."""
    held = [frozenset(topics) for _, topics in offers]
    needed = topics(task)
    if any(held_by.issuperset(needed) for held_by in held):
        return ""
    if task.node:
        return f"it waits for the node {task.node}, which asks for no work now"
    able = [held_by for held_by in held if needed[0] in held_by]
    if not able:
        return f"it waits for a {_who_does(task.kind)} that asks for work"
    return f"it waits for a node that holds the project {task.project}"


def _project(name: str) -> str:
    """Names may hold any character; topics may not."""
    return f"project/{short_hash('task project', name)}"
