"""What was measured in this session: bounded, and with the time of the Dragon's last word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.model.lake import LakeStats
from common.model.laptop import LaptopStatus
from common.model.llm import InferenceStats, Model

SAMPLES_MAX = 512
SPEEDS_MAX = 64
SPACING_MS = 1_000
GAP_MS = 15_000
"""Nothing is drawn over a longer silence: what was between is not known."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A value and when it was so."""

    at_ms: int
    value: float


class Samples:
    """At most `most` of a session, however long it is: when full, every second one goes."""

    def __init__(self, most: int = SAMPLES_MAX) -> None:
        self._most = most
        self._spacing_ms = SPACING_MS
        self._held: list[Sample] = []

    @property
    def held(self) -> Sequence[Sample]:
        """Oldest first."""
        return self._held

    @property
    def gap_ms(self) -> int:
        """Two samples that lie farther apart have an unknown time between them."""
        return max(GAP_MS, 3 * self._spacing_ms)

    def add(self, at_ms: int, value: float) -> None:
        """The newest; one that follows closely takes the place of the last."""
        if self._held and at_ms - self._held[-1].at_ms < self._spacing_ms:
            self._held[-1] = Sample(self._held[-1].at_ms, value)
            return
        self._held.append(Sample(at_ms, value))
        if len(self._held) > self._most:
            self._held = self._held[::2]
            self._spacing_ms *= 2


def segments(samples: Samples) -> list[list[Sample]]:
    """Runs without a longer silence in them."""
    runs: list[list[Sample]] = []
    for sample in samples.held:
        if runs and sample.at_ms - runs[-1][-1].at_ms <= samples.gap_ms:
            runs[-1].append(sample)
        else:
            runs.append([sample])
    return runs


@dataclass(frozen=True, slots=True)
class LakeSeen:
    """The lake as the Dragon said it last."""

    lake: LakeStats
    at_ms: int
    now: bool
    """False when the Dragon has not been heard since."""


@dataclass(frozen=True, slots=True)
class ModelsSeen:
    """The models as the Dragon said them last."""

    models: tuple[Model, ...]
    inference: InferenceStats | None
    at_ms: int
    now: bool


class Gauges:
    """Told every status that comes, whichever view is open."""

    def __init__(self) -> None:
        self.lake_bytes = Samples()
        self.tokens_per_s = Samples()
        self.speeds: dict[str, Samples] = {}
        """Of each model, by its name, while it alone was at work: the Dragon counts the tokens of
        all of them together."""
        self._lake: tuple[LakeStats, int] | None = None
        self._models: tuple[tuple[Model, ...], InferenceStats | None, int] | None = None
        self._heard = False

    def take(self, status: LaptopStatus, now_ms: int) -> None:
        """How things stand now."""
        self._heard = not status.dragon_unavailable
        if not self._heard:
            return
        if status.lake is not None:
            self._lake = (status.lake, now_ms)
            self.lake_bytes.add(now_ms, status.lake.bytes)
        self._models = (status.models, status.inference, now_ms)
        if status.inference is not None:
            self.tokens_per_s.add(now_ms, status.inference.tokens_per_s)
            self._take_speed(status.models, status.inference.tokens_per_s, now_ms)

    def _take_speed(self, models: Sequence[Model], tokens_per_s: float, now_ms: int) -> None:
        at_work = [m.name for m in models if m.requests and m.purpose != "embedding"]
        if len(at_work) == 1:
            self.speeds.setdefault(at_work[0], Samples(SPEEDS_MAX)).add(now_ms, tokens_per_s)
        there = {model.name for model in models}
        self.speeds = {name: held for name, held in self.speeds.items() if name in there}

    def lake(self, *, connected: bool) -> LakeSeen | None:
        """None before the Dragon said anything of it."""
        if self._lake is None:
            return None
        return LakeSeen(*self._lake, now=connected and self._heard)

    def models(self, *, connected: bool) -> ModelsSeen | None:
        """None before the Dragon said anything of them."""
        if self._models is None:
            return None
        return ModelsSeen(*self._models, now=connected and self._heard)
