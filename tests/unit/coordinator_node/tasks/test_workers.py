"""What a task that waits is said to wait for: never more than this Coordinator can know."""

from __future__ import annotations

from dataclasses import replace

from common.model.ids import NodeId
from common.model.node import Identity
from common.model.task import Offer, Task, TaskId
from coordinator_node.tasks import rules
from coordinator_node.tasks.workers import ASKED_S, Workers
from tests.support.small_mesh import ShiftedClock

DRAGON = Identity("m", "dragon", NodeId("d1"))
OFFERED = rules.offered(DRAGON, Offer(("snapshot",)))
TASK = Task(TaskId("t"), "snapshot")


class StandingClock(ShiftedClock):
    """Time goes on when it is told to."""

    seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


def test_one_who_asked_a_moment_ago_is_between_two_questions_and_later_is_not_there() -> None:
    clock = StandingClock()
    workers = Workers(clock)
    assert "waits for a dragon" in workers.shown(TASK).sentence
    with workers.asking(DRAGON.id, OFFERED):
        clock.seconds += 10 * ASKED_S
        assert workers.shown(TASK).sentence == "it waits for its turn"
    clock.seconds += ASKED_S
    assert workers.shown(TASK).sentence == "it waits for its turn"
    clock.seconds += 0.1
    assert "waits for a dragon" in workers.shown(TASK).sentence


def test_where_there_are_several_coordinators_nobody_is_said_to_be_missing() -> None:
    shown = Workers(StandingClock(), alone=False).shown(TASK)
    assert shown.sentence == "it waits for its turn, or for a node that can do it"


def test_a_pause_is_named_and_what_runs_says_what_its_worker_said() -> None:
    clock = StandingClock()
    workers = Workers(clock)
    pausing = replace(TASK, ready_ms=clock.now_ms() + 60_000)
    assert "pauses" in workers.shown(pausing).sentence
    running = replace(TASK, state="running", sentence="half")
    assert workers.shown(running) == running
