"""What is measured in a session: bounded, with its gaps, and of the time when it was heard."""

from __future__ import annotations

from dataclasses import replace

from common.model.lake import LakeStats
from common.model.laptop import LaptopStatus
from common.model.llm import InferenceStats, Model
from developer_node.front.tui.gauges import GAP_MS, SPACING_MS, Gauges, Sample, Samples, segments
from developer_node.front.tui.widgets.growth_plot import bounds

LAKE = LakeStats(1_000, 9_000, True, "tmpfs", "/run/lake", 1, 0)
TALKER = Model("talker", "fast", "loaded", requests=1)
OTHER = Model("other", "code", "loaded")
EMBEDDER = Model("embedder", "embedding", "loaded", requests=3)
WELL = LaptopStatus(lake=LAKE, models=(TALKER, OTHER, EMBEDDER), inference=InferenceStats(8))


def test_samples_stay_bounded_and_span_the_whole_session() -> None:
    samples = Samples(most=16)
    for n in range(10_000):
        samples.add(n * SPACING_MS, n)
    assert len(samples.held) <= 16
    assert samples.held[0].at_ms == 0
    assert samples.held[-1].at_ms > 9_000 * SPACING_MS


def test_a_value_that_follows_closely_replaces_the_last() -> None:
    samples = Samples()
    samples.add(0, 1.0)
    samples.add(SPACING_MS - 1, 2.0)
    assert samples.held == [Sample(0, 2.0)]


def test_no_line_is_drawn_over_a_silence() -> None:
    samples = Samples()
    for at_ms in (0, SPACING_MS, SPACING_MS + GAP_MS + 1):
        samples.add(at_ms, 5.0)
    assert [len(run) for run in segments(samples)] == [2, 1]


def test_a_thinned_curve_is_not_torn_into_gaps() -> None:
    """Its samples lie farther apart than a silence does at first."""
    samples = Samples(most=16)
    for n in range(2_000):
        samples.add(n * SPACING_MS, n)
    assert len(segments(samples)) == 1


def test_what_the_dragon_said_last_stays_and_is_no_longer_of_now() -> None:
    gauges = Gauges()
    gauges.take(WELL, 100)
    gauges.take(LaptopStatus(dragon_unavailable="away"), 9_000)
    lake, models = gauges.lake(connected=True), gauges.models(connected=True)
    assert lake is not None and (lake.lake, lake.at_ms, lake.now) == (LAKE, 100, False)
    assert models is not None and (models.models, models.now) == (WELL.models, False)


def test_without_a_connection_nothing_is_of_now() -> None:
    gauges = Gauges()
    gauges.take(WELL, 100)
    lake = gauges.lake(connected=False)
    assert lake is not None and not lake.now


def test_what_nobody_said_is_none() -> None:
    gauges = Gauges()
    gauges.take(LaptopStatus(dragon_unavailable="away"), 100)
    assert gauges.lake(connected=True) is None
    assert gauges.models(connected=True) is None
    assert gauges.lake_bytes.held == []


def test_tokens_are_a_models_own_only_while_it_alone_is_at_work() -> None:
    """The embedder makes none; of two at once nobody knows whose they are."""
    gauges = Gauges()
    alone = replace(WELL, inference=InferenceStats(8, tokens_per_s=30.0))
    gauges.take(alone, 0)
    both = (TALKER, replace(OTHER, requests=2), EMBEDDER)
    gauges.take(replace(alone, models=both, inference=InferenceStats(8, tokens_per_s=50.0)), 5_000)
    assert [s.value for s in gauges.speeds["talker"].held] == [30.0]
    assert "other" not in gauges.speeds and "embedder" not in gauges.speeds
    assert [s.value for s in gauges.tokens_per_s.held] == [30.0, 50.0]


def test_a_model_that_is_gone_is_forgotten() -> None:
    gauges = Gauges()
    gauges.take(replace(WELL, inference=InferenceStats(8, tokens_per_s=30.0)), 0)
    gauges.take(replace(WELL, models=(OTHER,)), 5_000)
    assert gauges.speeds == {}


def test_noise_does_not_look_like_growth() -> None:
    """A byte more fills no plot from top to bottom."""
    low, high = bounds((Sample(0, 1_000_000), Sample(1, 1_000_001)))
    assert high - low > 90_000
    assert bounds((Sample(0, 0.0),))[0] == 0.0
