"""Whatever lies in one model's directory, its neighbours stay listed and it says what is wrong."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.errors import Corrupt, Missing, Unavailable
from common.model.llm import Model
from dragon_node.inference.catalog.catalog import Catalog
from dragon_node.inference.catalog.entries import Directory, Entry, Hub
from dragon_node.inference.catalog.shape import Shape
from dragon_node.inference.fetching import arrival
from dragon_node.inference.fetching.arrival import Arrival
from tests.support.catalogs import arrived

Change = Callable[[Path], object]
WHOLE_BYTES_MAX = 1 << 62
"""What the protocol can carry."""


def config(**changes: Any) -> Change:
    def change(directory: Path) -> None:
        path = directory / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def written(name: str, content: bytes) -> Change:
    return lambda directory: (directory / name).write_bytes(content)


def header(said: Any) -> Change:
    text = json.dumps(said).encode()
    return written("model.safetensors", len(text).to_bytes(8, "little") + text)


def instead(name: str, make: Change) -> Change:
    def change(directory: Path) -> None:
        (directory / name).unlink()
        make(directory / name)

    return change


def elsewhere(path: Path) -> None:
    path.symlink_to("/nonexistent")


SAFE = "model.safetensors"
TENSOR: dict[str, Any] = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}
FAILED: dict[str, Change] = {
    "a tokenizer that is not UTF-8": written("tokenizer_config.json", b"\xff\xfe\x00tools"),
    "a template that is not UTF-8": written("chat_template.jinja", b"\xff"),
    "a tokenizer without end": written("tokenizer_config.json", b" " * ((16 << 20) + 1)),
    "infinitely many layers": config(num_hidden_layers=float("inf")),
    "no number of layers": config(num_hidden_layers=float("nan")),
    "10**12 layers": config(num_hidden_layers=10**12),
    "less than no layers": config(num_hidden_layers=-1),
    "a list of layers": config(num_hidden_layers=[1]),
    "10**12 loops": config(num_loops=10**12),
    "infinite heads": config(num_key_value_heads=float("inf")),
    "heads of 10**300": config(head_dim=10**300),
    "negative heads": config(head_dim=-8),
    "a context of 10**300": config(max_position_embeddings=10**300),
    "an infinite context": config(max_position_embeddings=float("inf")),
    "an infinite window": config(
        layer_types=["sliding_attention"], sliding_window=float("inf"), model_type="llama"
    ),
    "a number for kinds of layer": config(layer_types=5),
    "200,000 kinds of layer": config(layer_types=["full_attention"] * 200_000),
    "a pattern that is none": config(sliding_window_pattern=[1]),
    "layers that attend, nested": config(full_attn_idxs=[[1]]),
    "a config nested without end": written("config.json", b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
    "a config of lists without end": written("config.json", b"[" * 200_000),
    "a config without end": written("config.json", b" " * ((4 << 20) + 1)),
    "a config that is a list": written("config.json", b"[]"),
    "a config that is not UTF-8": written("config.json", b"\xff\xfe"),
    "a number with 5,000 digits": written("config.json", b'{"n":' + b"9" * 5_000 + b"}"),
    "a header without end": written(SAFE, b"\xff" * 8 + b"{}"),
    "a header that is a list": header([]),
    "a header without tensors": header({}),
    "a header nested without end": written(
        SAFE, (200_000).to_bytes(8, "little") + b"[" * 200_000
    ),
    "a tensor that is a number": header({"t": 3}),
    "a tensor that ends before it begins": header({"t": TENSOR | {"data_offsets": [16, 0]}}),
    "a tensor that ends nowhere": header({"t": TENSOR | {"data_offsets": [0, float("inf")]}}),
    "a tensor larger than its bytes": header({"t": TENSOR | {"shape": [10**6, 10**6]}}),
    "a tensor of 10**300": header({"t": TENSOR | {"shape": [10**300]}}),
    "a tensor of 100,000 axes": header({"t": TENSOR | {"shape": [10**12] * 100_000}}),
    "weights that lead nowhere": instead(SAFE, elsewhere),
    "weights that are a directory": instead(SAFE, Path.mkdir),
    "weights that are a pipe": instead(SAFE, os.mkfifo),
    "weights that are empty": written(SAFE, b""),
    "an index nested without end": written(f"{SAFE}.index.json", b"[" * 200_000),
    "an index that is a list": written(f"{SAFE}.index.json", b"[]"),
    "an index of what is not there": written(f"{SAFE}.index.json", b'{"weight_map": {"a": "b"}}'),
    "an index that is a pipe": lambda d: os.mkfifo(d / f"{SAFE}.index.json"),
    "a tokenizer that is a pipe": instead("tokenizer_config.json", os.mkfifo),
}  # fmt: skip
MISSING: dict[str, Change] = {
    "config.json that is a directory": instead("config.json", Path.mkdir),
    "config.json that is a pipe": instead("config.json", os.mkfifo),
    "config.json that leads nowhere": instead("config.json", elsewhere),
    "a file where the directory was": lambda d: (shutil.rmtree(d), d.write_text("x")),
    "a directory that is gone": shutil.rmtree,
}
FINE: dict[str, Change] = {
    "quantisation that is a list": config(quantization=[1]),
    "quantisation without end": config(quantization={"bits": "4" * 100_000}),
    "a text part that is text": config(text_config="x"),
    "a kind of model without end": config(model_type="x" * 100_000),
}


def own(tmp_path: Path, name: str) -> Entry:
    return Entry(name, "code", Directory(tmp_path / name))


def opened(tmp_path: Path, change: Change) -> tuple[Catalog, Entry]:
    """A catalogue of an odd one between two good ones."""
    entries = tuple(own(tmp_path, name) for name in ("before", "odd", "after"))
    for entry in entries:
        arrived(tmp_path, entry)
    change(tmp_path / "odd")
    return Catalog(tmp_path, None, entries), entries[1]


def listed(catalog: Catalog) -> Model:
    """The odd one, after a look at what its neighbours say."""
    before, odd, after = catalog.models()
    assert (before.state, after.state) == ("ready", "ready")
    assert before.needs_bytes == after.needs_bytes > 0
    return odd


@pytest.mark.parametrize("case", FAILED)
def test_what_cannot_be_read_is_failed_and_says_so(tmp_path: Path, case: str):
    catalog, odd = opened(tmp_path, FAILED[case])
    model = listed(catalog)
    assert model.state == "failed"
    assert 20 < len(model.detail) < 600 and "\n" not in model.detail
    assert catalog.locate(odd) == tmp_path / "odd"
    assert catalog.find("odd") == odd
    assert catalog.speakers()


@pytest.mark.parametrize("case", FAILED)
def test_reading_its_sizes_is_refused_in_words(tmp_path: Path, case: str):
    catalog, odd = opened(tmp_path, FAILED[case])
    try:
        shape = catalog.shape(odd)
    except (Unavailable, Corrupt) as why:
        assert why.message and why.hint
    else:
        assert "tokenizer" in case or "template" in case, shape


@pytest.mark.parametrize("case", MISSING)
def test_what_is_not_there_is_missing(tmp_path: Path, case: str):
    catalog, odd = opened(tmp_path, MISSING[case])
    model = listed(catalog)
    assert (model.state, catalog.is_whole(odd)) == ("missing", False)
    assert "holds no model" in model.detail
    with pytest.raises(Unavailable):
        catalog.locate(odd)
    assert catalog.find("code").name == "before"


@pytest.mark.parametrize("case", FINE)
def test_what_says_nothing_of_sizes_does_no_harm(tmp_path: Path, case: str):
    catalog, odd = opened(tmp_path, FINE[case])
    model = listed(catalog)
    assert model.state == "ready"
    assert 0 < model.kv_bytes_per_token < WHOLE_BYTES_MAX
    shape = catalog.shape(odd)
    assert max(len(shape.quantisation), len(shape.model_type)) <= 40


def test_a_directory_deleted_while_it_is_looked_at_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    catalog, _ = opened(tmp_path, lambda _: None)
    read = Shape.read

    def deleted(directory: Path, *, kv_bits: int = 0) -> Shape:
        if directory.name == "odd":
            shutil.rmtree(directory)
        return read(directory, kv_bits=kv_bits)

    monkeypatch.setattr(Shape, "read", deleted)
    assert listed(catalog).state == "missing"


@pytest.mark.parametrize(
    "error", [RecursionError(), MemoryError(), FileNotFoundError("x"), OSError()]
)
def test_even_what_nobody_foresaw_stays_with_its_own_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
):
    catalog, _ = opened(tmp_path, lambda _: None)
    read = Shape.read

    def broken(directory: Path, *, kv_bits: int = 0) -> Shape:
        if directory.name == "odd":
            raise error
        return read(directory, kv_bits=kv_bits)

    monkeypatch.setattr(Shape, "read", broken)
    model = listed(catalog)
    assert model.state == "failed"
    assert "cannot be understood" in model.detail


def test_what_was_read_of_a_directory_is_not_said_of_one_that_is_gone(tmp_path: Path):
    catalog, odd = opened(tmp_path, lambda _: None)
    catalog.shape(odd)
    (tmp_path / "odd" / "config.json").unlink()
    (tmp_path / "odd" / "model.onnx").touch()
    with pytest.raises(Unavailable, match=r"no config\.json"):
        catalog.shape(odd)


ORIGINS = {
    "nested without end": b"[" * 200_000,
    "not UTF-8": b"\xff\xfe",
    "a list": b"[]",
    "of other files": b'{"files": {"../../x": {"bytes": 3}}}',
    "a name with a zero": b'{"files": {"a\\u0000b": {"bytes": 3}}}',
}


@pytest.mark.parametrize("case", ORIGINS)
def test_an_origin_that_says_nothing_is_a_model_that_is_not_there(tmp_path: Path, case: str):
    entries = tuple(Entry(name, "code", Hub(f"a/{name}")) for name in ("before", "odd", "after"))
    for entry in entries:
        arrived(tmp_path, entry)
    (tmp_path / "odd" / "source.json").write_bytes(ORIGINS[case])
    catalog = Catalog(tmp_path, None, entries)
    assert listed(catalog).state == "missing"
    assert not catalog.is_whole(entries[1])
    assert catalog.arrivals()["odd"].state == "missing"


@pytest.mark.parametrize(
    "progress",
    [
        b"[" * 200_000,
        b"\xff",
        b'{"models": {"odd": {"state": "arriving", "progress": 0, "bytes": Infinity,'
        b' "bytes_total": 1, "detail": ""}}}',
    ],
)
def test_a_progress_that_means_nothing_is_as_none(tmp_path: Path, progress: bytes):
    entry = Entry("odd", "code", Hub("a/odd"))
    catalog = Catalog(tmp_path, None, (entry,))
    arrival.write(tmp_path, {"odd": Arrival("arriving", 0.5)})
    (tmp_path / "progress.json").write_bytes(progress)
    assert [m.state for m in catalog.models()] == ["missing"]
    with pytest.raises(Unavailable):
        catalog.locate(entry)
    with pytest.raises(Missing):
        catalog.find("other")


def test_a_directory_that_nobody_may_look_at_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """As root nothing is forbidden, so the system is made to say it."""
    catalog, odd = opened(tmp_path, lambda _: None)
    stat = Path.stat

    def forbidden(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path.parent.name == "odd":
            raise PermissionError(13, "Permission denied")
        return stat(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", forbidden)
    assert listed(catalog).state == "missing"
    assert not catalog.is_whole(odd)
