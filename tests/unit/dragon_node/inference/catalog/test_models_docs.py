"""docs/models.md: its examples are read as it says, and its arithmetic is the catalogue's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from dragon_node.inference.budget.machine import reserve_of
from dragon_node.inference.catalog.defaults import GIB, SMOLLM2, defaults
from dragon_node.inference.catalog.entries import Directory, Entry, Hub
from dragon_node.inference.catalog.fields import READERS
from dragon_node.inference.catalog.layers import layers_of
from dragon_node.inference.catalog.shape import Shape
from dragon_node.inference.catalog.toml_file import read_entries
from dragon_node.node import default_lake_bytes

PAGE = (Path(__file__).parents[5] / "docs" / "models.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```", PAGE, re.M | re.S)
MAC = defaults(64 * GIB, "darwin")
BITS = {"4bit": 4.5, "6bit": 6.5, "8bit": 8.5, "DWQ": 4.5}

QWEN3_32B = {"model_type": "qwen3", "num_hidden_layers": 64, "num_attention_heads": 64,
             "num_key_value_heads": 8, "head_dim": 128}  # fmt: skip
DELTA = {"linear_num_value_heads": 32, "linear_num_key_heads": 16, "linear_key_head_dim": 128,
         "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4,
         "full_attention_interval": 4}  # fmt: skip
CONFIGS: dict[str, dict[str, Any]] = {
    "qwen3-4b": {"model_type": "qwen3", "num_hidden_layers": 36, "num_attention_heads": 32,
                 "num_key_value_heads": 8, "head_dim": 128},
    "qwen2.5-coder-7b": {"model_type": "qwen2", "num_hidden_layers": 28, "num_attention_heads": 28,
                         "num_key_value_heads": 4, "hidden_size": 3_584},
    "qwen3-coder-30b-a3b": {"model_type": "qwen3_moe", "num_hidden_layers": 48,
                            "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128},
    "qwen3.6-35b-a3b": {"model_type": "qwen3_5_moe", "num_hidden_layers": 40,
                        "num_attention_heads": 16, "num_key_value_heads": 2, "head_dim": 256,
                        **DELTA},
    "qwen3-coder-next": {"model_type": "qwen3_next", "num_hidden_layers": 48,
                         "num_attention_heads": 16, "num_key_value_heads": 2, "head_dim": 256,
                         **DELTA},
    "qwen3-coder-480b-a35b": {"model_type": "qwen3_moe", "num_hidden_layers": 62,
                              "num_attention_heads": 96, "num_key_value_heads": 8,
                              "head_dim": 128},
}  # fmt: skip
"""What the hubs' config.json say of these."""


def shape(config: dict[str, Any], kv_bits: int = 0) -> Shape:
    return Shape("", 0, 0, 0, 0, "", layers_of(config, 2, kv_bits))


def weights_gb(entry: Entry) -> float:
    assert isinstance(entry.source, Hub)
    return entry.parameters * BITS[entry.source.id.rsplit("-", 1)[1]] / 8e9


def section(gigabytes: int) -> str:
    return PAGE.split(f"### {gigabytes} GB\n")[1].split("\n### ")[0]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_read_on_a_mac_of_64_gb(tmp_path: Path, example: str):
    path = tmp_path / "models.toml"
    path.write_text(example)
    assert read_entries(path, MAC) != MAC


def test_the_first_example_does_what_its_comments_say(tmp_path: Path):
    path = tmp_path / "models.toml"
    path.write_text(EXAMPLES[0])
    found = {e.name: e for e in read_entries(path, MAC)}
    assert found["glm-4-flash"].source == Hub("mlx-community/GLM-4.7-Flash-4bit", "main")
    coder = found["qwen3-coder-30b-a3b"]
    assert (coder.pin, coder.slots, coder.context) == (True, 4, 131_072)
    assert found["house-style"].source == Directory(Path("/srv/models/house-style-7b"))
    assert "qwen3.6-35b-a3b" not in found


def test_every_key_has_its_line_in_the_table():
    table = PAGE.split("| key | holds |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| (\w+) \|", table, re.M)) == {*READERS, "remove"}


@pytest.mark.parametrize("gigabytes", [16, 64, 128, 512])
def test_the_page_names_the_defaults_and_their_weights(gigabytes: int):
    said = dict(re.findall(r"\| ([\w.-]+) \| ([\d.]+) \|", section(gigabytes)))
    entries = [e for e in defaults(gigabytes * GIB, "darwin") if isinstance(e.source, Hub)]
    assert said == {e.name: f"{weights_gb(e):.1f}" for e in entries}


@pytest.mark.parametrize("gigabytes", [16, 64, 128, 512])
def test_the_page_adds_up_what_is_left_for_models(gigabytes: int):
    memory = gigabytes * GIB
    lent = memory * (2 / 3 if gigabytes <= 36 else 3 / 4)
    left = min(lent, memory - default_lake_bytes(memory)) - reserve_of(memory)
    assert f"**{left / 1e9:.1f} for weights and caches.**" in section(gigabytes)


@pytest.mark.parametrize(
    ("gigabytes", "said"), [(64, "All four are {}:"), (128, "All four are {} and leave")]
)
def test_the_page_adds_up_the_weights(gigabytes: int, said: str):
    entries = [e for e in defaults(gigabytes * GIB, "darwin") if isinstance(e.source, Hub)]
    assert said.format(f"{sum(map(weights_gb, entries)):.1f}") in section(gigabytes)


def test_the_page_adds_up_the_first_of_each_purpose_on_the_largest():
    entries = [e for e in defaults(512 * GIB, "darwin") if isinstance(e.source, Hub)]
    total = sum(weights_gb(e) for e in entries if e.priority == min(p.priority for p in entries))
    assert f"The first of each purpose are {total:.1f} and leave" in section(512)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_page_says_the_bytes_of_a_token(name: str):
    said = set(re.findall(rf"\| {re.escape(name)}[\w-]* \| [\d.]+ \| (\d+) KB \|", PAGE))
    assert said == {f"{shape(CONFIGS[name]).kv_bytes_per_token / 1e3:.0f}"}


@pytest.mark.parametrize(("name", "megabytes"), [("qwen3.6-35b-a3b", 67), ("qwen3-coder-next", 80)])
def test_the_page_says_the_state_of_a_request(name: str, megabytes: int):
    state = sum(layer.state_bytes for layer in shape(CONFIGS[name]).layers)
    assert f"{state / 1e6:.0f}" == str(megabytes)
    assert f"and {megabytes} MB a request" in PAGE


def test_the_page_says_what_requests_take_together():
    coder = shape(CONFIGS["qwen3-coder-30b-a3b"])
    assert coder.kv_bytes_per_token == 98_304
    for name, each, said in (
        ("qwen3-coder-30b-a3b", [4_000] * 8, "8 requests of 4,000 tokens: {:.1f} GB"),
        ("qwen3-4b", [4_000] * 4, "four requests of 4,000 tokens: {:.1f} |"),
        ("qwen3-coder-480b-a35b", [16_000] * 8, "eight requests of 16,000 tokens: {:.0f} |"),
    ):
        assert said.format(shape(CONFIGS[name]).kv_bytes(each) / 1e9) in PAGE


def test_the_page_says_what_a_quantised_cache_takes():
    plain, eight = (shape(QWEN3_32B, bits).kv_bytes_per_token / 1e3 for bits in (0, 8))
    assert f"{eight:.0f} KB a token instead of {plain:.0f} KB" in PAGE


def test_the_page_says_what_the_model_of_a_linux_cpu_takes(models_dir: Path):
    found = Shape.read(models_dir / SMOLLM2.name)
    assert f"({found.weight_bytes / 1e9:.2f}, {found.kv_bytes_per_token // 1000} KB a token" in PAGE
