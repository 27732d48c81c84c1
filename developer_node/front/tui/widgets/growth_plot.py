"""How an amount grew over the session, drawn again only when it has."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any, cast

from textual_plotext import PlotextPlot

from developer_node.front.output_words import size
from developer_node.front.tui.gauges import Sample, Samples, segments

_TICKS = 3


class GrowthPlot(PlotextPlot, can_focus=False):
    """A line over time; where nothing was known there is none."""

    _drawn: tuple[Sample, ...] = ()

    def on_mount(self) -> None:
        """The frame is the view's own."""
        super().on_mount()
        plot = cast(Any, self.plt)  # plotext has no types
        plot.frame(False)
        plot.grid(False, False)

    def show(self, samples: Samples, zone: tzinfo | None) -> None:
        """Another session's worth of samples."""
        held = tuple(samples.held)
        if held == self._drawn or not held:
            return
        self._drawn = held
        plot = cast(Any, self.plt)
        plot.clear_data()
        for run in segments(samples):
            times = [sample.at_ms / 1_000 for sample in run]
            plot.plot(times, [s.value for s in run], marker="braille", color="blue+")
        low, high = bounds(held)
        marks = [low + (high - low) * n / (_TICKS - 1) for n in range(_TICKS)]
        plot.ylim(low, high)
        plot.yticks(marks, [size(round(mark)) for mark in marks])
        first, last = held[0].at_ms / 1_000, held[-1].at_ms / 1_000
        ends = [first, last] if last > first else [first]
        plot.xticks(ends, [f"{datetime.fromtimestamp(end, zone):%H:%M:%S}" for end in ends])
        self.refresh()


def bounds(held: tuple[Sample, ...]) -> tuple[float, float]:
    """Lowest and highest that are drawn: a tenth of the value at least, or noise looks like
    growth."""
    values = [sample.value for sample in held]
    low, high = min(values), max(values)
    room = max((high - low) * 0.1, high * 0.05, 1.0)
    return max(0.0, low - room), high + room
