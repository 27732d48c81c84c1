"""What the catalogue says of models that are missing, on their way, whole and broken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from common.errors import Missing, Unavailable
from common.model.llm import Model
from dragon_node.inference.catalog.catalog import Catalog
from dragon_node.inference.catalog.defaults import BGE, SMOLLM2, WHEELS
from dragon_node.inference.catalog.entries import Directory, Entry, Hub
from dragon_node.inference.fetching import arrival
from dragon_node.inference.fetching.arrival import Arrival
from tests.support.catalogs import arrived

FAST, EMBEDDING = SMOLLM2.name, BGE.name


def entry(name: str, purpose: str = "code", **more: object) -> Entry:
    return Entry(name, purpose, Hub(f"owner/{name}"), **more)  # pyright: ignore[reportArgumentType]


def test_a_model_without_a_directory_is_missing_and_says_what_to_run(tmp_path: Path):
    (model, _) = Catalog(tmp_path / "absent").models()
    assert (model.name, model.state) == (FAST, "missing")
    assert f"postdevai models pull {FAST}" in model.detail


def test_a_model_on_its_way_says_how_much_is_there(tmp_path: Path):
    arrival.write(tmp_path, {FAST: Arrival("arriving", 0.4, 40, 100, "downloading")})
    catalog = Catalog(tmp_path)
    model = catalog.models()[0]
    assert (model.state, model.progress) == ("arriving", 0.4)
    assert (model.arrived_bytes, model.total_bytes) == (40, 100)
    with pytest.raises(Unavailable, match="model 40 %: ") as why:
        catalog.locate(catalog.find(FAST))
    assert "wait" in why.value.hint


def test_a_failed_arrival_says_why(tmp_path: Path):
    arrival.write(tmp_path, {FAST: Arrival("failed", 0.1, 10, 100, "no network")})
    catalog = Catalog(tmp_path)
    assert catalog.models()[0].state == "failed"
    with pytest.raises(Unavailable, match="no network"):
        catalog.locate(catalog.find(FAST))


def test_the_catalogue_notices_a_model_that_arrives_later(tmp_path: Path):
    catalog = Catalog(tmp_path)
    assert catalog.models()[0].state == "missing"
    directory = arrived(tmp_path, SMOLLM2)
    assert catalog.models()[0].state == "ready"
    assert catalog.locate(catalog.find(FAST)) == directory


def test_a_deleted_model_is_missing_whatever_the_progress_says(tmp_path: Path):
    arrival.write(tmp_path, {FAST: Arrival("ready", 1.0)})
    assert Catalog(tmp_path).models()[0].state == "missing"


def test_a_file_that_was_cut_makes_the_model_incomplete(tmp_path: Path):
    directory = arrived(tmp_path, SMOLLM2)
    assert Catalog(tmp_path).is_whole(SMOLLM2)
    os.truncate(directory / "model.safetensors", 5)
    assert not Catalog(tmp_path).is_whole(SMOLLM2)


def test_what_came_from_elsewhere_is_not_the_model_that_is_asked_for(tmp_path: Path):
    """The owner changed the source in models.toml: the old weights do not speak as the new ones."""
    before = entry("coder")
    arrived(tmp_path, before)
    after = Entry("coder", "code", Hub("other/coder"))
    assert Catalog(tmp_path, None, (before,)).models()[0].state == "ready"
    assert Catalog(tmp_path, None, (after,)).models()[0].state == "missing"


def test_a_directory_of_the_owner_needs_no_list_of_its_files(tmp_path: Path):
    mine = Entry("mine", "code", Directory(tmp_path / "elsewhere"))
    catalog = Catalog(tmp_path, None, (mine,))
    with pytest.raises(Unavailable, match="holds no model") as why:
        catalog.locate(mine)
    assert "models.toml" in why.value.hint
    directory = arrived(tmp_path, mine)
    assert catalog.locate(mine) == directory


def test_a_model_on_disk_tells_its_sizes(tmp_path: Path):
    coder = entry("coder", context=1_000, priority=7, alternatives=("other",), pin=True)
    arrived(tmp_path, coder)
    (model,) = Catalog(tmp_path, None, (coder,)).models()
    assert model == Model(
        name="coder",
        purpose="code",
        state="ready",
        progress=1.0,
        source="hub owner/coder@main",
        priority=7,
        context=1_000,
        pinned=True,
        alternatives=("other",),
        parameters=model.needs_bytes // 4,
        needs_bytes=model.needs_bytes,
        disk_bytes=sum(f.stat().st_size for f in (tmp_path / "coder").iterdir()),
        kv_bytes_per_token=2 * 2 * 2 * 8 * 4,
    )
    assert model.needs_bytes > 0


def test_the_context_is_the_models_own_where_the_entry_says_none(tmp_path: Path):
    coder = entry("coder")
    arrived(tmp_path, coder)
    assert Catalog(tmp_path, None, (coder,)).models()[0].context == 2_048


def test_a_model_whose_files_are_broken_is_failed_and_says_why(tmp_path: Path):
    mine = Entry("mine", "code", Directory(tmp_path / "elsewhere"))
    (arrived(tmp_path, mine) / "model.safetensors").write_bytes(b"no weights at all")
    (model,) = Catalog(tmp_path, None, (mine,)).models()
    assert model.state == "failed"
    assert "model.safetensors is no safetensors file" in model.detail


def test_sizes_follow_the_files(tmp_path: Path):
    mine = Entry("mine", "code", Directory(tmp_path / "elsewhere"))
    catalog = Catalog(tmp_path, None, (mine,))
    arrived(tmp_path, mine, layers=2)
    small = catalog.shape(mine)
    assert catalog.shape(mine) is small
    arrived(tmp_path, mine, layers=3)
    assert catalog.shape(mine).weight_bytes > small.weight_bytes


def test_models_are_found_by_name_and_by_purpose(tmp_path: Path):
    catalog = Catalog(tmp_path)
    assert catalog.find(FAST) == catalog.find("fast")
    assert catalog.find("embedding").name == EMBEDDING


def test_no_model_stands_in_silently_for_another(tmp_path: Path):
    with pytest.raises(Missing) as why:
        Catalog(tmp_path).find("code")
    assert FAST in why.value.hint


def test_a_purpose_goes_to_the_first_by_priority_that_is_there(tmp_path: Path):
    late, early = entry("late", priority=2), entry("early", priority=1)
    catalog = Catalog(tmp_path, None, (late, early))
    assert catalog.find("code") == early, "control: none is there, so the first"
    arrived(tmp_path, late)
    assert catalog.find("code") == late
    arrived(tmp_path, early)
    assert catalog.find("code") == early
    assert catalog.find("late") == late, "a name is a name"


def test_only_what_is_there_stands_in_and_in_the_order_that_was_named(tmp_path: Path):
    first, second, third = entry("first"), entry("second"), entry("third")
    asked = entry("asked", alternatives=("third", "second", "first", "gone"))
    catalog = Catalog(tmp_path, None, (first, second, third, asked))
    assert catalog.alternatives(asked) == ()
    arrived(tmp_path, first)
    arrived(tmp_path, third)
    assert catalog.alternatives(asked) == (third, first)


def test_answers_come_from_reasoning_before_code_before_fast(tmp_path: Path):
    fast, code = entry("f", "fast"), entry("c", "code")
    assert Catalog(tmp_path, None, (fast, code)).speakers() == (code, fast)
    assert Catalog(tmp_path, None, (fast,)).speakers() == (fast,)
    assert Catalog(tmp_path, None, ()).speakers() == ()


def test_who_is_there_answers_before_who_would_answer_better(tmp_path: Path):
    fast, code = entry("f", "fast"), entry("c", "code")
    arrived(tmp_path, fast)
    assert Catalog(tmp_path, None, (fast, code)).speakers() == (fast, code)


def test_the_embedder_is_the_first_that_is_there(tmp_path: Path):
    small, large = entry("s", "embedding", priority=900), entry("l", "embedding")
    catalog = Catalog(tmp_path, None, (small, large))
    assert catalog.embedder() == large
    arrived(tmp_path, small)
    assert catalog.embedder() == small
    assert Catalog(tmp_path, None, ()).embedder() is None


def test_the_owners_file_is_read_again_when_it_changes(tmp_path: Path):
    path = tmp_path / "models.toml"
    catalog = Catalog(tmp_path, path, (entry("coder"),))
    assert [e.name for e in catalog.entries] == ["coder"]
    path.write_text('[models.mine]\nsource = "hub:me/mine"\npurpose = "fast"\n')
    assert [e.name for e in catalog.entries] == ["coder", "mine"]
    path.unlink()
    assert [e.name for e in catalog.entries] == ["coder"]


def test_a_wrong_file_leaves_the_last_good_entries_and_says_what_is_wrong(tmp_path: Path):
    path = tmp_path / "models.toml"
    path.write_text('[models.mine]\nsource = "hub:me/mine"\npurpose = "fast"\n')
    catalog = Catalog(tmp_path, path, ())
    assert (catalog.fault, catalog.find("fast").name) == ("", "mine")
    path.write_text('[models.mine]\nsource = "hub:me/mine"\npurpose = "faster"\n')
    assert "models.mine.purpose" in catalog.fault and "models.toml" in catalog.fault
    assert catalog.find("fast").name == "mine"
    path.write_text('[models.mine]\nsource = "hub:me/mine"\npurpose = "reasoning"\n')
    assert (catalog.fault, catalog.find("reasoning").name) == ("", "mine")


def test_a_wrong_file_at_the_start_leaves_the_defaults(tmp_path: Path):
    path = tmp_path / "models.toml"
    path.write_text("models = [")
    catalog = Catalog(tmp_path, path)
    assert catalog.find("fast") == SMOLLM2
    assert "cannot be read" in catalog.fault
    assert "the defaults hold" in catalog.fault


MINE = '[models.mine]\nsource = "hub:me/mine"\npurpose = "embedding"\npriority = 1\n'
LAST_GOOD = "models.last-good.toml"


@pytest.mark.parametrize(
    "slip", ["models = [", MINE + "prority = 2\n", MINE + "[models.x]\n", "[" * 5_000, "\ud800"]
)
def test_a_start_with_a_slip_goes_by_what_the_file_said_before(tmp_path: Path, slip: str):
    """Otherwise the lake would get another embedder, and every vector would be made anew."""
    path = tmp_path / "models.toml"
    path.write_text(MINE)
    before = Catalog(tmp_path, path)
    assert before.entries[-1].name == "mine"
    path.write_bytes(slip.encode("utf-8", "surrogatepass"))
    after = Catalog(tmp_path, path)
    assert after.entries == before.entries
    assert after.fault.startswith(str(path))
    assert after.fault.endswith(f"until then what it said before holds, kept in {LAST_GOOD}")
    path.write_text(MINE.replace("mine", "other"))
    assert (after.fault, after.entries[-1].name) == ("", "other")
    path.write_text(slip, errors="replace")
    assert Catalog(tmp_path, path).entries[-1].name == "other"


def test_the_last_good_file_is_a_private_copy_made_only_of_good_ones(tmp_path: Path):
    path, copy = tmp_path / "models.toml", tmp_path / LAST_GOOD
    catalog = Catalog(tmp_path, path)
    assert catalog.entries and not copy.exists(), "without a file there is nothing to keep"
    path.write_text(MINE)
    assert catalog.fault == "" and copy.read_text() == MINE
    assert copy.stat().st_mode & 0o077 == 0
    path.write_text("models = [")
    assert catalog.fault and copy.read_text() == MINE
    path.unlink()
    assert catalog.fault == "" and copy.read_text() == MINE


@pytest.mark.parametrize("copy", ["models = [", "[models.gone]\nremove = true\n"])
def test_a_last_good_file_that_is_of_no_use_leaves_the_defaults_and_says_so(
    tmp_path: Path, copy: str
):
    """A default that it names may be gone since."""
    path = tmp_path / "models.toml"
    path.write_text("models = [")
    (tmp_path / LAST_GOOD).write_text(copy)
    catalog = Catalog(tmp_path, path)
    assert catalog.entries == WHEELS
    assert "the defaults hold, for the copy is of no use" in catalog.fault
    assert LAST_GOOD in catalog.fault


def test_a_disk_on_which_nothing_can_be_kept_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    path = tmp_path / "models.toml"
    path.write_text(MINE)
    catalog = Catalog(tmp_path, path)
    assert (catalog.fault, catalog.entries[-1].name) == ("", "mine")


@pytest.mark.parametrize(
    ("parameters", "demonstration"), [(999_999_999, True), (10**9, False), (0, False)]
)
def test_a_model_under_a_thousand_million_parameters_is_a_demonstration(
    parameters: int, demonstration: bool
):
    assert entry("m", "fast", parameters=parameters).demonstration is demonstration
