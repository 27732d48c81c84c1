"""A hub that cuts, lies and refuses: what has the model's name is whole, the rest goes on."""

from __future__ import annotations

import errno
import io
import json
from pathlib import Path

import pytest

from common.errors import Corrupt, Denied, Invalid, Missing, OverLimit, PostDevAIError, Unavailable
from dragon_node.inference.catalog.entries import Hub
from dragon_node.inference.fetching import arrival, kept
from dragon_node.inference.fetching.arrival import Arrival
from dragon_node.inference.fetching.fetch import fetch as fetch_one
from dragon_node.inference.fetching.hub_door import _Growing
from tests.support.hub_server import (
    COMMIT,
    ELSEWHERE,
    FIRST,
    ID,
    NEEDED,
    SECOND,
    HubServer,
    arrived,
    files_of,
    weights,
)
from tests.support.hub_server import hub as hub


class Killed(BaseException):
    """Nothing that the fetcher could catch."""


@pytest.fixture(autouse=True)
def online(hub: HubServer, monkeypatch: pytest.MonkeyPatch):
    """Who imported the library in this process before had other settings than the fetcher has."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY", True)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def fetch(models: Path, revision: str = "main") -> list[Arrival]:
    said: list[Arrival] = []
    fetch_one(models, "tiny", Hub(ID, revision), told=said.append)
    return said


def interrupt(models: Path, at_bytes: int) -> None:
    """As a power cut would, once so much has arrived."""

    def told(now: Arrival) -> None:
        if now.bytes > at_bytes:
            raise Killed

    with pytest.raises(Killed):
        fetch_one(models, "tiny", Hub(ID), told=told)


def test_what_an_mlx_model_needs_arrives_and_nothing_else(hub: HubServer, models: Path):
    said = fetch(models)
    assert said[-1].state == "ready"
    assert arrived(models) == files_of(hub)
    source = json.loads((models / "tiny" / kept.SOURCE).read_text())
    assert (source["hub"], source["revision"], source["commit"]) == (
        "mlx-community/tiny",
        "main",
        COMMIT,
    )
    kept.verify(models / "tiny")
    assert not (models / "tiny.partial").exists()


def test_another_revision_is_another_model(hub: HubServer, models: Path):
    fetch(models)
    hub.commit, hub.files["config.json"] = "b" * 40, b'{"model_type": "qwen3"}'
    fetch(models, revision="next")
    assert arrived(models) == files_of(hub)


def test_a_cut_connection_is_taken_up_where_it_was_cut(hub: HubServer, models: Path):
    hub.cut[FIRST] = 2_500_000
    fetch(models)
    assert arrived(models) == files_of(hub)
    (_, first), (_, second) = [asked for asked in hub.asked if asked[0] == FIRST]
    assert first == ""
    assert second.startswith("bytes=") and int(second[6:].split("-")[0]) >= 1 << 20


def test_a_hub_that_sends_the_whole_instead_of_the_rest_is_no_harm(hub: HubServer, models: Path):
    hub.cut[FIRST] = 2_500_000
    hub.ranges = False
    fetch(models)
    assert arrived(models) == files_of(hub)


def test_what_changed_at_the_hub_in_between_is_fetched_anew_and_the_rest_stays(
    hub: HubServer, models: Path
):
    interrupt(models, at_bytes=3_000_000)
    hub.asked.clear()
    hub.commit, hub.files[FIRST] = "c" * 40, weights(3_000_000, 9)
    fetch(models)
    assert arrived(models) == files_of(hub)
    assert hub.asked == [(FIRST, "")]


def test_a_wrong_byte_is_corrupt_and_never_gets_the_models_name(hub: HubServer, models: Path):
    hub.damaged.add(SECOND)
    with pytest.raises(Corrupt, match=SECOND) as why:
        fetch(models)
    assert "anew" in why.value.hint
    assert not (models / "tiny").exists()
    assert arrival.read(models)["tiny"].state == "failed"
    hub.damaged.clear()
    hub.asked.clear()
    fetch(models)
    assert [name for name, _ in hub.asked] == [SECOND, FIRST]


def test_a_small_file_with_a_wrong_byte_is_corrupt_too(hub: HubServer, models: Path):
    hub.damaged.add("tokenizer.json")
    with pytest.raises(Corrupt, match=r"tokenizer\.json"):
        fetch(models)


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
def test_each_refusal_of_a_hub_has_its_own_meaning_and_a_hint(
    hub: HubServer, models: Path, status: int, code: str, kind: type[PostDevAIError], says: str
):
    hub.status, hub.error_code = status, code
    with pytest.raises(kind, match=says) as why:
        fetch(models)
    assert why.value.hint
    assert arrival.read(models)["tiny"].state == "failed"


def test_without_a_network_it_is_said_plainly_and_what_came_stays(
    hub: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens on discard
    with pytest.raises(Unavailable, match="offline: no hub can be reached") as why:
        fetch(models)
    assert "what has arrived stays" in why.value.hint


def test_a_repository_that_is_no_mlx_model_is_refused_before_anything_arrives(
    hub: HubServer, models: Path
):
    for name in (FIRST, SECOND):
        del hub.files[name]
    with pytest.raises(Invalid, match="not an MLX model") as why:
        fetch(models)
    assert why.value.field == "source"
    assert hub.asked == []


def test_a_name_that_would_leave_the_directory_is_not_taken(hub: HubServer, models: Path):
    for name in ("../../evil.json", "below/evil.json", "..\\evil.json", "source.json"):
        hub.files[name] = b"{}"
    fetch(models)
    assert set(arrived(models)) == NEEDED
    assert not list(models.parent.rglob("evil.json"))


def test_a_full_disk_is_refused_with_the_numbers_before_anything_arrives(
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
        fetch(models)
    assert hub.asked == []


def test_what_was_interrupted_goes_on_where_it_was(hub: HubServer, models: Path):
    interrupt(models, at_bytes=3_000_000)  # all small ones, the second half, a part of the first
    there = (models / "tiny.partial" / f"{FIRST}.part").stat().st_size
    assert there >= 1 << 20
    hub.asked.clear()
    fetch(models)
    assert arrived(models) == files_of(hub)
    assert hub.asked == [(FIRST, f"bytes={there}-")]


def test_what_was_interrupted_after_the_last_byte_is_not_asked_for_again(
    hub: HubServer, models: Path
):
    interrupt(models, at_bytes=sum(map(len, files_of(hub).values())) - 1)
    hub.asked.clear()
    fetch(models)
    assert arrived(models) == files_of(hub)
    assert hub.asked == []


def test_what_was_whole_before_it_got_its_name_is_not_fetched_again(hub: HubServer, models: Path):
    fetch(models)
    (models / "tiny").rename(models / "tiny.partial")  # as the moment before the last rename
    (models / "tiny.before.partial").mkdir()  # what had the name until then
    hub.status = 500
    fetch(models)
    assert arrived(models) == files_of(hub)
    assert sorted(p.name for p in models.iterdir() if p.is_dir()) == ["tiny"]


def test_a_note_of_an_earlier_attempt_that_cannot_be_read_means_to_begin_anew(
    hub: HubServer, models: Path
):
    interrupt(models, at_bytes=3_000_000)
    (models / "tiny.partial" / "partial.json").write_text("{")
    fetch(models)
    assert arrived(models) == files_of(hub)


def test_a_part_that_is_longer_than_the_file_is_thrown_away(hub: HubServer, models: Path):
    interrupt(models, at_bytes=3_000_000)
    with (models / "tiny.partial" / f"{FIRST}.part").open("ab") as part:
        part.write(b"x" * 5_000_000)
    fetch(models)
    assert arrived(models) == files_of(hub)


def test_a_part_that_was_damaged_on_this_disk_is_found_out(hub: HubServer, models: Path):
    interrupt(models, at_bytes=3_000_000)
    with (models / "tiny.partial" / f"{FIRST}.part").open("r+b") as part:
        part.write(b"x")
    with pytest.raises(Corrupt, match=FIRST):
        fetch(models)
    fetch(models)
    assert arrived(models) == files_of(hub)


def test_the_old_model_stays_until_the_new_one_is_whole(hub: HubServer, models: Path):
    fetch(models)
    before = arrived(models)
    hub.commit, hub.files[FIRST] = "c" * 40, weights(3_000_000, 9)
    hub.damaged.add(FIRST)
    with pytest.raises(Corrupt):
        fetch(models, revision="next")
    assert arrived(models) == before
    assert kept.is_whole(models / "tiny")


def test_progress_never_goes_back_and_ends_whole(hub: HubServer, models: Path):
    hub.cut[FIRST] = 2_500_000
    said = fetch(models)
    shares = [now.progress for now in said]
    assert shares == sorted(shares)
    total = sum(map(len, files_of(hub).values()))
    assert said[-1] == Arrival("ready", 1.0, total, total)


def test_files_may_lie_elsewhere_and_the_owners_token_does_not_go_there(
    hub: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_owner")
    hub.redirects = True
    hub.cut[FIRST] = 2_500_000
    fetch(models)
    assert arrived(models) == files_of(hub)
    tokens = {host: {t for h, t in hub.tokens if h == host} for host, _ in hub.tokens}
    assert tokens == {"127.0.0.1": {"Bearer hf_of_the_owner"}, ELSEWHERE: {""}}


def test_two_files_with_the_same_content_both_arrive(hub: HubServer, models: Path):
    hub.files["vocab.json"] = hub.files["tokenizer.json"]
    fetch(models)
    assert arrived(models)["vocab.json"] == arrived(models)["tokenizer.json"]


def test_an_empty_file_arrives(hub: HubServer, models: Path):
    hub.files["added_tokens.json"] = b""
    fetch(models)
    assert arrived(models)["added_tokens.json"] == b""


def test_a_file_without_a_hash_is_not_taken_on_trust(
    hub: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
):
    said = json.loads(hub.listing())
    for sibling in said["siblings"]:
        sibling.pop("blobId")
    monkeypatch.setattr(hub, "listing", lambda: json.dumps(said).encode())
    with pytest.raises(Unavailable, match="neither size nor hash"):
        fetch(models)


def test_a_disk_that_fills_on_the_way_is_over_a_limit_and_what_came_stays(
    hub: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
):
    def write(self: io.FileIO, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(_Growing, "write", write)
        with pytest.raises(OverLimit, match="the disk is full"):
            fetch(models)
    fetch(models)
    assert arrived(models) == files_of(hub)


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "", "x.partial", "n" * 101])
def test_a_name_that_is_no_directory_of_ours_is_refused(hub: HubServer, models: Path, name: str):
    with pytest.raises(Invalid) as why:
        fetch_one(models, name, Hub(ID))
    assert why.value.field == "name"
    assert not models.exists()
