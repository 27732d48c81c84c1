"""The executor that proves a remedy on the laptop where the person agreed to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

from common.errors import Unavailable
from common.model.event import ProofFinished
from common.model.remedy import ProofProgress, ProofStep, ProofTarget
from common.model.task import Task
from common.worker import Executor, Result, Step, Steps

PART = {"rebuilding": 0.0, "red": 0.1, "green": 0.5, "done": 0.95}
"""Where each stage begins."""


class Proofs(Protocol):
    """Tries remedies again."""

    def prove(self, target: ProofTarget) -> AsyncGenerator[ProofStep]: ...


def proving(proofs: Proofs) -> Executor:
    """The verdict is recorded as any other proof's. Without consent it is refused."""

    async def execute(task: Task) -> Steps:
        target = ProofTarget(remedy_id=task.subject, consent=task.consent)
        async with aclosing(proofs.prove(target)) as steps:
            async for step in steps:
                match step.step:
                    case ProofProgress() as now:
                        yield Step(now.sentence or now.stage, _share(now))
                    case ProofFinished() as finished:
                        yield Result(_verdict(finished))
                        return
        raise Unavailable("the proof ended without a verdict")

    return execute


def _share(now: ProofProgress) -> float:
    within = now.done / now.of if now.of else 0.0
    return min(1.0, PART[now.stage] + 0.4 * within)


def _verdict(finished: ProofFinished) -> str:
    return ": ".join(filter(None, (finished.verdict, finished.reason)))
