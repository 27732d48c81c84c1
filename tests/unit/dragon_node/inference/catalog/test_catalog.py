"""What the catalogue says of models that are missing, on their way, whole and broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from common.errors import Missing, Unavailable
from dragon_node.inference.catalog.catalog import Catalog, Entry, is_whole
from dragon_node.inference.fetching import arrival, pins
from dragon_node.inference.fetching.arrival import Arrival

FAST, EMBEDDING = pins.SMOLLM2.model, pins.BGE.model


def whole(models: Path, name: str) -> Path:
    directory = models / name
    directory.mkdir(parents=True)
    (directory / "weights").write_bytes(b"12345")
    (directory / "source.json").write_text(json.dumps({"files": {"weights": {"bytes": 5}}}))
    return directory


def test_a_model_without_a_directory_is_missing_and_says_what_to_run(tmp_path: Path):
    (model, _) = Catalog(tmp_path / "absent").models()
    assert (model.name, model.state) == (FAST, "missing")
    assert "scripts/fetch_models.py" in model.detail


def test_a_model_on_its_way_says_how_much_is_there(tmp_path: Path):
    arrival.write(tmp_path, {FAST: Arrival("arriving", 0.4, 40, 100, "downloading")})
    catalog = Catalog(tmp_path)
    assert (catalog.models()[0].state, catalog.models()[0].progress) == ("arriving", 0.4)
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
    directory = whole(tmp_path, FAST)
    assert catalog.models()[0].state == "ready"
    assert catalog.locate(catalog.find(FAST)) == directory


def test_a_deleted_model_is_missing_whatever_the_progress_says(tmp_path: Path):
    arrival.write(tmp_path, {FAST: Arrival("ready", 1.0)})
    assert Catalog(tmp_path).models()[0].state == "missing"


def test_a_file_that_was_cut_makes_the_model_incomplete(tmp_path: Path):
    directory = whole(tmp_path, FAST)
    assert is_whole(directory)
    (directory / "weights").write_bytes(b"1234")
    assert not is_whole(directory)


def test_models_are_found_by_name_and_by_purpose(tmp_path: Path):
    catalog = Catalog(tmp_path)
    assert catalog.find(FAST) == catalog.find("fast")
    assert catalog.find("embedding").name == EMBEDDING


def test_no_model_stands_in_silently_for_another(tmp_path: Path):
    with pytest.raises(Missing) as why:
        Catalog(tmp_path).find("code")
    assert FAST in why.value.hint


def test_answers_come_from_reasoning_before_code_before_fast(tmp_path: Path):
    fast, code = Entry("f", "fast", 1), Entry("c", "code", 2_000_000_000)
    assert Catalog(tmp_path, (fast, code)).speaker() == code
    assert Catalog(tmp_path, (fast,)).speaker() == fast
    assert Catalog(tmp_path, ()).speaker() is None


@pytest.mark.parametrize(("parameters", "demonstration"), [(999_999_999, True), (10**9, False)])
def test_a_model_under_a_thousand_million_parameters_is_a_demonstration(
    parameters: int, demonstration: bool
):
    assert Entry("m", "fast", parameters).demonstration is demonstration
