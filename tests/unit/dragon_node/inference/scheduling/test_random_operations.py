"""Whatever happens in whatever order: the memory is never exceeded, nobody is forgotten, and in
the end everyone has an answer or a reason."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test  # pyright: ignore[reportUnknownVariableType]

from common.errors import Unavailable
from dragon_node.inference.reading.prompted import Prompted
from dragon_node.inference.scheduling.source import Source
from tests.support.paper_engines import Paper, PaperSource, asked, text
from tests.support.scheduler_machine import SchedulerMachine
from tests.support.tiny_world import TinyWorld

OPERATIONS = int(os.environ.get("POSTDEVAI_OPERATIONS", "10000"))


def settled(examples: int, steps: int) -> settings:
    """Time says nothing here: other threads do the work."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


class PaperWorld:
    """Two of three models fit, with some caches."""

    memory_bytes = 2_900
    speakers: tuple[str, ...] = ("a", "b", "c")
    embedder = "e"
    prompts: Sequence[Prompted] = [
        asked(*range(1, length + 1), say=say)
        for length, say in ((1, 1), (2, 30), (9, 4), (12, 3), (20, 40), (60, 30), (50, 300))
    ]

    def __init__(self) -> None:
        self._source = PaperSource()

    def source(self) -> Source:
        self._source = PaperSource(
            a=Paper(1_000, slots=4),
            b=Paper(1_000, slots=2),
            c=Paper(1_500, slots=1, slices=2),
            e=Paper(200, vectors=True, slices=2),
        )
        return self._source

    def stamp(self, name: str) -> str:
        return self._source.models[name].stamp

    def says(self, name: str, prompt: int) -> str:
        return text(self.prompts[prompt])

    def harm(self, name: str, how: str) -> None:
        model = self._source.models[name]
        match how:
            case "missing":
                model.missing = Unavailable(f"{name} is on its way")
            case "there":
                model.missing, model.broken = None, ""
                self._source.gone.discard(name)
            case "removed from the catalogue":
                self._source.gone.add(name)
            case "slots changed":
                model.slots = model.slots % 4 + 1
            case "stamp changed":
                model.stamp += "'"
            case "broken":
                model.broken = "these are no weights"
            case "dead":
                for engine in model.engines[-1:]:
                    engine.fault = SystemExit("the thread is gone")
            case _:
                for engine in (*model.engines[-1:], *model.embedders[-1:]):
                    engine.fault = RuntimeError("no step is possible")

    def over(self) -> str:
        engines = [e for m in self._source.models.values() for e in m.engines]
        misread = [(e.stamp, e.misread) for e in engines if e.misread]
        return f"read by other files: {misread}" if misread else ""

    def kept_over(self, ledger_bytes: int) -> str:
        return ""


class OnPaper(SchedulerMachine):
    world = PaperWorld()
    harms = (
        "missing",
        "there",
        "there",
        "there",
        "broken",
        "step",
        "dead",
        "removed from the catalogue",
        "slots changed",
        "stamp changed",
    )


def test_random_operations_on_paper():
    run_state_machine_as_test(OnPaper, settings=settled(20, 30))


@pytest.mark.crash
def test_many_random_operations_on_paper():
    run_state_machine_as_test(OnPaper, settings=settled(max(1, OPERATIONS // 100), 100))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> type[SchedulerMachine]:
    """One of two models fits with its caches, or both with few."""

    class OnTinyModels(SchedulerMachine):
        world = TinyWorld(tmp_path_factory.mktemp("tiny"), 4 << 20)

    return OnTinyModels


def test_random_operations_on_tiny_models(tiny: type[SchedulerMachine]):
    run_state_machine_as_test(tiny, settings=settled(8, 25))


@pytest.mark.crash
def test_many_random_operations_on_tiny_models(tiny: type[SchedulerMachine]):
    run_state_machine_as_test(tiny, settings=settled(max(1, OPERATIONS // 100), 100))
