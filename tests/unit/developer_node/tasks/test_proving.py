"""The laptop's executor: the verdict is the result, and consent goes with the task."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest

from common.errors import Denied, Unavailable
from common.model.event import ProofFinished
from common.model.ids import Fingerprint
from common.model.remedy import ProofProgress, ProofStep, ProofTarget
from common.model.task import Task, TaskId
from common.worker import Result, Step
from developer_node.tasks.proving import proving

TASK = Task(TaskId("t"), "prove", subject="r", consent=True)


@dataclass
class Proofs:
    """Tries what it is told to try."""

    steps: tuple[ProofStep, ...]
    asked: list[ProofTarget] = field(default_factory=list)

    async def prove(self, target: ProofTarget) -> AsyncGenerator[ProofStep]:
        self.asked.append(target)
        if not target.consent:
            raise Denied("a proof needs your consent")
        for step in self.steps:
            yield step


PROGRESS = ProofStep(ProofProgress("red", 1, 3, "run 1 of 3 is red"))
FINISHED = ProofStep(ProofFinished("r", Fingerprint("f"), "unproven", "it is red with it too"))


async def test_the_steps_are_progress_and_the_verdict_is_the_result() -> None:
    proofs = Proofs((PROGRESS, FINISHED))
    step, result = [each async for each in proving(proofs)(TASK)]
    assert isinstance(step, Step) and step.sentence == "run 1 of 3 is red"
    assert 0.1 < step.share < 0.5
    assert result == Result("unproven: it is red with it too")
    assert proofs.asked == [ProofTarget(remedy_id="r", consent=True)]


async def test_without_consent_nothing_is_run() -> None:
    task = Task(TaskId("t"), "prove", subject="r")
    with pytest.raises(Denied):
        _ = [each async for each in proving(Proofs((FINISHED,)))(task)]


async def test_a_proof_without_a_verdict_is_no_result() -> None:
    with pytest.raises(Unavailable):
        _ = [each async for each in proving(Proofs((PROGRESS,)))(TASK)]
