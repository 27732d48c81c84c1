"""The door to the models, over the real small ones and tiny ones of random weights."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from common.errors import Conflict, Corrupt, Invalid, Missing, OverLimit, Unavailable
from common.model.llm import ChatMessage, Generated, GenerationRequest, Model
from dragon_node.inference.fetching import pins
from dragon_node.inference.models import Models
from dragon_node.inference.opened import CATALOG, open_models
from tests.support.tiny_models import tiny_model

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL = pins.SMOLLM2.model
LAKE_BYTES = 256 << 20
TINY = """
[models.tiny]
source = "directory:{here}/tiny"
purpose = "code"
alternatives = ["other"]
[models.other]
source = "directory:{here}/other"
purpose = "reasoning"
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def models(
    models_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Models]:
    """The real small models."""
    home = tmp_path_factory.mktemp("home")
    async with open_models(models_dir, home, lake_bytes=LAKE_BYTES) as opened:
        yield opened


@asynccontextmanager
async def tiny(here: Path, text: str = TINY) -> AsyncGenerator[Models]:
    """Two models of the owner's file, `tiny` and `other`."""
    for seed, name in enumerate(("tiny", "other")):
        tiny_model(here / name, seed=seed)
    (here / CATALOG).write_text(text.format(here=here))
    weights = here / "weights"
    weights.mkdir(exist_ok=True)
    async with open_models(weights, here, lake_bytes=LAKE_BYTES) as opened:
        yield opened


def asked(text: str, tokens: int = 12, model: str = "fast") -> GenerationRequest:
    return GenerationRequest(model, (ChatMessage("user", text),), tokens)


async def whole(pieces: AsyncGenerator[Generated]) -> tuple[str, Generated]:
    text, last = "", Generated("")
    async for last in pieces:
        text += last.text
    return text, last


async def every(models: AsyncGenerator[Model]) -> list[str]:
    return [model.state async for model in models]


async def listed(models: Models) -> dict[str, Model]:
    return {m.name: m for m in (await models.catalog()).models}


async def test_a_model_is_ready_before_and_loaded_after_it_has_spoken(
    models_dir: Path, tmp_path: Path
):
    async with open_models(models_dir, tmp_path, lake_bytes=LAKE_BYTES) as fresh:
        before = await listed(fresh)
        await whole(fresh.generate(asked("Hello", 2)))
        after = await listed(fresh)
    assert (before[SMALL].state, before[SMALL].bytes) == ("ready", 0)
    assert after[SMALL].state == "loaded"
    assert after[SMALL].bytes == after[SMALL].needs_bytes > 500_000_000
    assert after[pins.BGE.model].state == "ready"


async def test_it_stops_at_max_tokens_and_says_so(models: Models):
    text, last = await whole(models.generate(asked("Tell a long story.", 8)))
    assert text
    assert (last.finish, last.completion_tokens, last.model) == ("length", 8, SMALL)
    assert last.prompt_tokens > 5


async def test_requests_that_share_a_batch_say_what_each_says_alone(models: Models):
    """Text of one request once leaked into another's under batching (mlx-lm 965)."""
    questions = ["Name a colour.", "What is a journal? " * 20, "Count to ten."]
    alone = [await whole(models.generate(asked(q))) for q in questions]
    together = await asyncio.gather(*(whole(models.generate(asked(q))) for q in questions))
    assert [text for text, _ in together] == [text for text, _ in alone]


async def test_after_a_cancel_in_the_prompt_the_next_request_is_undisturbed(models: Models):
    before, _ = await whole(models.generate(asked("Name a colour.")))
    leaves = models.generate(asked("word " * 2_000, 400))
    first = asyncio.ensure_future(anext(leaves))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await leaves.aclose()
    async with asyncio.timeout(60):
        await models.quiet()
        after, _ = await whole(models.generate(asked("Name a colour.")))
    assert after == before
    assert models.requests == 0


async def test_the_speaker_counts_tokens_as_its_model_does(models: Models):
    speaker = await models.speaker()
    assert speaker.entry.demonstration
    assert speaker.prompt_tokens > 0
    short, long = speaker.count("one"), speaker.count("one two three four")
    assert 0 < short < long


async def test_the_numbers_add_up_to_what_is_spoken_for(models: Models):
    await whole(models.generate(asked("Hello", 2)))
    stats = await models.stats()
    shares = {share.name: share.bytes for share in stats.shares}
    assert shares["lake"] == LAKE_BYTES
    assert shares["weights"] > 500_000_000
    assert sum(shares.values()) < stats.memory_bytes
    assert stats.active_bytes >= shares["weights"]
    assert stats.finished > 0
    assert not stats.fault


async def test_a_prompt_beyond_the_context_is_invalid_and_says_the_numbers(tmp_path: Path):
    async with tiny(tmp_path) as models:
        with pytest.raises(Invalid, match=r"2048|2,048") as why:
            await whole(models.generate(asked("word " * 2_000, model="tiny")))
    assert why.value.field == "messages"


async def test_an_unknown_model_is_missing_and_an_embedder_does_not_speak(models: Models):
    with pytest.raises(Missing):
        await whole(models.generate(asked("Hello", model="gpt-17")))
    with pytest.raises(Invalid, match="does not speak"):
        await whole(models.generate(asked("Hello", model="embedding")))
    with pytest.raises(Invalid, match="does not embed"):
        models.embedder_named(SMALL)


async def test_without_models_nobody_speaks_and_the_reason_is_the_catalogues(tmp_path: Path):
    async with open_models(tmp_path, tmp_path, lake_bytes=LAKE_BYTES) as none:
        with pytest.raises(Unavailable, match="no model"):
            await none.speaker()
        with pytest.raises(Unavailable, match="no model"):
            await whole(none.generate(asked("Hello")))
        with pytest.raises(Unavailable):
            await none.embedder.embed(["text"])
        assert {m.state for m in (await none.catalog()).models} == {"missing"}


async def test_a_model_that_arrives_while_the_daemon_runs_is_used(models_dir: Path, tmp_path: Path):
    async with open_models(tmp_path, tmp_path, lake_bytes=LAKE_BYTES) as opened:
        arrived = asyncio.ensure_future(opened.embedder_arrived())
        await asyncio.sleep(0)
        assert not arrived.done()
        (tmp_path / pins.BGE.model).symlink_to(models_dir / pins.BGE.model)
        await arrived
        assert (await opened.embedder.embed(["text"])).shape == (1, 384)


async def test_a_model_is_loaded_pinned_and_unloaded_on_demand(tmp_path: Path):
    async with tiny(tmp_path) as models:
        assert (await every(models.load("tiny")))[-1] == "loaded"
        pinned = await models.pin("tiny", pinned=True)
        assert pinned.pinned
        with pytest.raises(Conflict, match="pinned"):
            await models.unload("tiny", now=False)
        assert not (await models.pin("tiny", pinned=False)).pinned
        assert (await models.unload("tiny", now=False)).state == "ready"


async def test_a_pin_is_remembered_and_loads_its_model_at_the_next_start(tmp_path: Path):
    async with tiny(tmp_path) as models:
        await models.pin("tiny", pinned=True)
    async with tiny(tmp_path) as models:
        watching = models.watch(0)
        async for change in watching:
            if (change.model.name, change.model.state) == ("tiny", "loaded"):
                break
        await watching.aclose()
        assert (await listed(models))["tiny"].pinned


async def test_what_the_catalogue_pins_is_let_go_in_the_catalogue(tmp_path: Path):
    text = TINY.replace('purpose = "code"', 'purpose = "code"\npin = true')
    async with tiny(tmp_path, text) as models:
        with pytest.raises(Conflict, match="pinned by the catalogue"):
            await models.pin("tiny", pinned=False)


async def test_what_runs_beside_mlx_is_neither_loaded_nor_pinned(models: Models):
    with pytest.raises(Conflict, match="beside MLX"):
        await every(models.load(pins.BGE.model))
    with pytest.raises(Conflict):
        await models.pin(pins.BGE.model, pinned=True)


async def test_watchers_see_a_load_and_an_unload_with_their_reasons(tmp_path: Path):
    async with tiny(tmp_path) as models:
        watching = models.watch(0)
        for _ in (await models.catalog()).models:
            assert (await anext(watching)).reset
        await every(models.load("tiny"))
        await models.unload("tiny", now=False)
        states: list[tuple[str, str]] = []
        async for change in watching:
            if change.model.name == "tiny":
                states.append((change.model.state, change.model.reason))
            if change.model.state == "ready" and change.model.reason:
                break
        await watching.aclose()
    assert ("loaded", "asked for by its owner") in states
    assert [state for state, _ in states][-1] == "ready"


async def test_an_alternative_answers_for_a_model_that_is_not_there_and_says_so(tmp_path: Path):
    async with tiny(tmp_path) as models:
        for file in (tmp_path / "tiny").iterdir():
            file.unlink()
        pieces = [p async for p in models.generate(asked("Hello", 3, "tiny"))]
        assert "other answers" in pieces[0].instead
        assert all(not piece.instead for piece in pieces[1:])
        assert pieces[-1].model == "other"
        alone = GenerationRequest("tiny", asked("x").messages, 3, only_this_model=True)
        with pytest.raises(Unavailable, match="tiny"):
            await whole(models.generate(alone))


async def test_a_model_without_room_is_refused_with_the_sum_and_others_go_on(tmp_path: Path):
    tiny_model(tmp_path / "tiny")
    tiny_model(tmp_path / "other")
    (tmp_path / CATALOG).write_text(TINY.format(here=tmp_path).replace('["other"]', "[]"))
    large = GenerationRequest("tiny", asked("x").messages, 2_000)
    async with open_models(
        tmp_path / "weights", tmp_path, lake_bytes=2_000_000_000, memory_bytes=2_868_500_000
    ) as models:
        with pytest.raises(OverLimit, match=r"lake 2\.0 GB"):
            await whole(models.generate(large))
        assert (await models.stats()).refused == 1
        assert (await whole(models.generate(asked("x", 2, "other"))))[1].finish


async def test_a_fault_in_the_catalogues_file_is_said_and_the_last_good_one_stays(tmp_path: Path):
    async with tiny(tmp_path) as models:
        (tmp_path / CATALOG).write_text("[models.tiny]\nsource = 7\n")
        known = await models.catalog()
        assert "tiny" in known.catalog_fault
        assert "tiny" in {m.name for m in known.models}
        assert known.catalog_path == str(tmp_path / CATALOG)


async def test_a_model_that_fails_leaves_questions_to_the_next_one(tmp_path: Path):
    async with tiny(tmp_path) as models:
        assert (await models.speaker()).entry.name == "other"  # reasoning before code
        weights = tmp_path / "other" / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-100])
        with pytest.raises(Corrupt):
            await whole(models.generate(asked("Hello", 2, "other")))
        assert (await models.speaker()).entry.name == "tiny"


async def test_a_small_model_of_the_owners_is_a_demonstration_by_its_counted_parameters(
    tmp_path: Path,
):
    async with tiny(tmp_path) as models:
        speaker = await models.speaker()
    assert 0 < speaker.entry.parameters < 1_000_000
    assert speaker.entry.demonstration


async def test_the_model_that_is_wanted_speaks_and_one_that_there_is_not_is_missing(
    tmp_path: Path,
):
    async with tiny(tmp_path) as models:
        assert (await models.speaker("tiny")).entry.name == "tiny"
        with pytest.raises(Missing) as refused:
            await models.speaker("gpt-9")
        assert "tiny" in refused.value.hint


async def test_looking_at_who_would_speak_loads_nothing(tmp_path: Path):
    async with tiny(tmp_path) as models:
        await models.speaker("tiny", prepare=False)
        states = {m.name: m.state for m in (await models.catalog()).models}
        assert states["tiny"] == "ready"
