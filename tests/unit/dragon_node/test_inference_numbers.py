"""The models' numbers are those of their stats, and -1 is never drawn as one."""

from __future__ import annotations

import asyncio
import urllib.request
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path

from common.daemon.home import Home
from common.daemon.metrics import Measured, open_metrics
from common.daemon.ports import Ports
from common.model.llm import InferenceStats, MemoryShare, Model
from dragon_node.inference_numbers import inference_numbers

STATS = InferenceStats(
    memory_bytes=100,
    shares=(MemoryShare("weights", 30), MemoryShare("lake", 20)),
    device="H100",
    device_bytes=80,
    device_used_bytes=40,
    device_busy=0.5,
    wired_bytes=7,
    blas="openblas",
    gflops=197.0,
)
MODELS = (
    Model("coder", "code", "loaded", bytes=30, requests=2),
    Model("fast", "fast", "ready", detail="not loaded /home/ada/secret"),
)


def numbers(stats: InferenceStats, models: tuple[Model, ...] = MODELS) -> list[Measured]:
    return list(inference_numbers(stats, models))


def test_every_field_of_the_stats_is_a_number() -> None:
    """A new field that nobody draws is found here: each one changes what is said."""
    before = numbers(STATS)
    for field in fields(InferenceStats):
        now = getattr(STATS, field.name)
        other = (
            f"{now}!" if isinstance(now, str) else now[1:] if isinstance(now, tuple) else now + 1
        )
        assert numbers(replace(STATS, **{field.name: other})) != before, field.name


def test_what_the_platform_does_not_tell_is_left_out() -> None:
    bare = numbers(InferenceStats(memory_bytes=100), ())
    assert not [n for n in bare if n.value < 0 or "device" in n.name or "wired" in n.name]


def test_a_number_is_said_once_with_the_same_words_and_labels() -> None:
    """Prometheus takes one family of a name."""
    said = numbers(STATS)
    assert max(Counter((n.name, *n.labels.items()) for n in said).values()) == 1
    assert len({n.name for n in said}) == len({(n.name, n.what, *sorted(n.labels)) for n in said})


def test_a_fault_is_seen() -> None:
    [ready] = [n.value for n in numbers(replace(STATS, fault="died")) if n.name.endswith("_ready")]
    assert ready == 0


def test_residency_is_told_model_by_model_and_no_path_is_named() -> None:
    said = numbers(STATS)
    loaded = {n.labels["model"]: n.value for n in said if n.name == "inference_model_loaded"}
    assert loaded == {"coder": 1, "fast": 0}
    assert "secret" not in repr(said)


async def test_prometheus_can_read_them(tmp_path: Path) -> None:
    async def look() -> list[Measured]:
        return numbers(STATS)

    async with open_metrics(Ports.of(Home(tmp_path)), "dragon_metrics", look) as address:
        page = await asyncio.to_thread(_read, f"http://{address}/metrics")
    assert 'postdevai_inference_share_bytes{share="weights"} 30.0' in page
    assert 'postdevai_inference_model_requests{model="coder"} 2.0' in page


def _read(url: str) -> str:
    with urllib.request.urlopen(url) as answer:
        return answer.read().decode()
