"""`postdevai models` as processes, against a real local API with scripted answers."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import OverLimit
from common.model.llm import InferenceStats, MemoryShare, Model, ModelChange, ModelList
from tests.support.local_api import Script, serve
from tests.support.typed import Terminal

GB = 1_000_000_000
STATS = InferenceStats(
    16 * GB,
    (MemoryShare("weights", 4 * GB), MemoryShare("kv", GB), MemoryShare("lake", 2 * GB)),
    running=3,
    waiting=2,
    tokens_per_s=41.5,
    device="Apple M3 Ultra",
    device_busy=0.8,
    gflops=190.0,
)
CODER = Model(
    "coder",
    "code",
    "loaded",
    bytes=4 * GB,
    source="hub mlx-community/Coder@main",
    priority=10,
    context=32_768,
    pinned=True,
    alternatives=("small",),
    kv_bytes_per_token=50_000,
    requests=3,
    reason="asked for by a request",
)
ABSENT = Model("large", "reasoning", "missing", total_bytes=80 * GB, detail="not pulled yet")


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "home", tmp_path)


@pytest.fixture
async def script(terminal: Terminal) -> AsyncGenerator[Script]:
    """A daemon that serves what the test puts in."""
    async with serve(terminal.home, Script(), os.getpid()) as made:
        made.models.catalog = ModelList((CODER, ABSENT), "", "/h/models.toml")
        made.models.stats = STATS
        yield made


@pytest.mark.parametrize("words", [("models",), ("models", "list")])
async def test_the_page_says_what_memory_and_models_there_are(
    terminal: Terminal, script: Script, words: tuple[str, ...]
) -> None:
    page = (await terminal.type(*words)).out
    for said in (
        "7.0 GB of 16 GB spoken for",
        "weights 4.0 GB",
        "3 running, 2 waiting, 41.5 tokens/s",
        "Apple M3 Ultra, 80 % busy, 190 GFLOP/s",
        "coder  code       loaded",
        "pinned · 3 requests · asked for by a request",
        "missing       80 GB · not pulled yet",
        "/h/models.toml",
    ):
        assert said in page


async def test_a_fault_of_the_catalogue_and_of_the_models_is_said(
    terminal: Terminal, script: Script
) -> None:
    script.models.catalog = ModelList((), "models.toml: line 3: what is kind?", "/h/models.toml")
    script.models.stats = InferenceStats(GB, fault="the MLX thread has ended")
    page = (await terminal.type("models")).out
    assert "models.toml: line 3: what is kind?" in page
    assert "the MLX thread has ended" in page


async def test_info_tells_what_a_model_takes(terminal: Terminal, script: Script) -> None:
    page = (await terminal.type("models", "info", "coder")).out
    for said in ("4.0 GB of weights", "50 KB for each token", "32,768 tokens", "small", "never"):
        assert said in page


async def test_an_unknown_model_is_missing_and_the_known_are_named(
    terminal: Terminal, script: Script
) -> None:
    typed = await terminal.type("models", "info", "gpt-17")
    assert typed.code == 1
    assert "There is coder, large." in typed.err


async def test_pull_and_load_show_how_far_they_are_and_end_with_what_is_there(
    terminal: Terminal, script: Script
) -> None:
    script.models.coming = (
        Model("large", "reasoning", "arriving", 0.5, arrived_bytes=40 * GB, total_bytes=80 * GB),
        Model("large", "reasoning", "ready", 1.0),
    )
    typed = await terminal.type("models", "pull", "large")
    assert "large: arriving 40 GB of 80 GB" in typed.out
    assert "large is ready." in typed.out
    script.models.coming = (CODER,)
    assert (
        "coder is loaded, pinned, 4.0 GB." in (await terminal.type("models", "load", "coder")).out
    )
    assert script.asked[-2:] == [("pull", "large"), ("load", "coder")]


async def test_unload_pin_and_unpin_say_what_the_model_is_now(
    terminal: Terminal, script: Script
) -> None:
    typed = await terminal.type("models", "unload", "coder", "--now")
    assert "waiting for 3 requests of coder" in typed.out
    assert "has left the memory, 4.0 GB." in typed.out
    assert "was not in memory." in (await terminal.type("models", "unload", "large")).out
    assert "tiny is ready." in (await terminal.type("models", "pin", "coder")).out
    await terminal.type("models", "unpin", "coder")
    assert [a for a in script.asked if a != "models"] == [
        ("unload", "coder", True),
        ("unload", "large", False),
        ("pin", "coder", True),
        ("pin", "coder", False),
    ]


async def test_a_refusal_is_shown_with_its_numbers_and_its_exit_code(
    terminal: Terminal, script: Script
) -> None:
    script.refusal = OverLimit("80 GB do not fit into 16 GB", hint="unpin coder")
    typed = await terminal.type("models", "load", "large")
    assert typed.code == 4
    assert "80 GB do not fit into 16 GB" in typed.err


async def test_watch_writes_a_line_a_change(terminal: Terminal, script: Script) -> None:
    script.models.changes = (ModelChange(7, 1_772_546_700_000, CODER),)
    assert "coder  loaded  asked for by a request" in (await terminal.type("models", "watch")).out
    words = (await terminal.type("models", "watch", "--json")).out
    assert json.loads(words)["model"]["alternatives"] == ["small"]


async def test_scripts_get_every_key_and_null_for_what_is_not_known(
    terminal: Terminal, script: Script
) -> None:
    data = json.loads((await terminal.type("models", "--json")).out)
    assert data["stats"]["device_bytes"] is None
    assert data["stats"]["shares"][0] == {"name": "weights", "bytes": 4 * GB}
    large = data["models"][1]
    assert (large["name"], large["context"], large["used"]) == ("large", None, None)


async def test_what_is_not_known_of_a_model_is_not_said(terminal: Terminal, script: Script) -> None:
    """Whether a template takes tools is known once it has been read."""
    assert "Tools" not in (await terminal.type("models", "info", "coder")).out
    script.models.catalog = ModelList((replace(CODER, tools=True),))
    assert "Tools      yes" in (await terminal.type("models", "info", "coder")).out
