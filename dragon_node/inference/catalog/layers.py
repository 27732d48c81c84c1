"""What the key-value cache of each layer takes, from a model's config.json.

mlx-lm keeps a cache that grows for every layer unless the model's own code makes another one. Only
for the kinds of model that are named here is a layer taken for smaller; the others are counted as
if every layer attended to everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from dragon_node.inference.catalog.families import ENCODERS, HYBRID, LATENT, STATES, TWICE, WINDOWED

Config = Mapping[str, Any]

SLIDES = frozenset({"sliding_attention", "chunked_attention", "sliding_window"})
ATTENDS = frozenset({"full_attention", "attention", "global_attention"})
STATE_ITEM_BYTES = 4
"""States are kept in float32."""
GROUP = 64
"""Numbers of a quantised cache that share a scale and a bias, as mlx-lm quantises."""

LAYERS_MAX = 10_000
"""The deepest have some hundreds."""
WINDOW_MAX = 1 << 40
LAYER_BYTES_MAX = 1 << 40
"""Of a token or a state; a file that says more was not written for a model."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one layer keeps for one request."""

    token_bytes: int
    """For each token."""
    window: int = 0
    """Tokens that it keeps, at most; 0 for all."""
    state_bytes: int = 0
    """However long the request is."""


def layers_of(config: Config, item_bytes: int, kv_bits: int) -> tuple[Layer, ...]:
    """Every layer that keeps something. LookupError, TypeError, ValueError, ArithmeticError or
    AttributeError when the config does not say, or says what no model has."""
    kinds = set(_model_types(config))
    text = flattened(config)
    if kinds & ENCODERS:
        return ()
    count = int(first(text, "num_hidden_layers", "n_layers", "n_layer", "num_layers"))
    checked(count, LAYERS_MAX, "num_hidden_layers")
    state = checked(
        _state_numbers(text) * STATE_ITEM_BYTES, LAYER_BYTES_MAX, "the state of a layer"
    )
    if kinds & STATES:
        return (Layer(0, state_bytes=state),) * count
    per_token = _numbers(text, kinds) * (2 if kinds & TWICE else 1)
    token = _token_bytes(per_token, item_bytes, kv_bits)
    checked(token, LAYER_BYTES_MAX, "a token in a layer")
    each = _layer_kinds(text, count)
    loops = int(text.get("num_loops") or 1)
    checked(loops * len(each), LAYERS_MAX, "the layers of all loops")
    return tuple(_layer(kind, kinds, text, token, state) for kind in each) * loops


def checked(number: int, most: int, what: str) -> int:
    """The number; ValueError when no model has so much of it."""
    if not 0 <= number <= most:
        shown = f"{number:,}" if abs(number) < 10**20 else "a number without end"
        raise ValueError(f"{what}: {shown}, and a model has 0 to {most:,}")
    return number


def flattened(config: Config) -> dict[str, Any]:
    """With what a model of several parts says of its text part on top."""
    flat = dict(config)
    for part in ("text_config", "language_config", "llm_config"):
        said = config.get(part)
        if isinstance(said, dict):
            flat |= {k: v for k, v in cast("dict[str, Any]", said).items() if v is not None}
    return flat


def first(config: Config, *names: str, default: Any = None) -> Any:
    """What the first of these names that is there says; KeyError names them all."""
    for name in names:
        if config.get(name) is not None:
            return config[name]
    if default is None:
        raise KeyError(" or ".join(names))
    return default


def _model_types(config: Config) -> tuple[str, ...]:
    return str(config.get("model_type", "")), str(flattened(config).get("model_type", ""))


def _layer(kind: str, kinds: set[str], text: Config, token: int, state: int) -> Layer:
    if kind in SLIDES and kinds & WINDOWED and text.get("sliding_window"):
        window = int(text["sliding_window"])
        return Layer(token, window=checked(window, WINDOW_MAX, "sliding_window"))
    if kind not in SLIDES | ATTENDS and kinds & HYBRID:
        return Layer(0, state_bytes=state)
    return Layer(token, state_bytes=0 if kinds & HYBRID else state)


def _layer_kinds(text: Config, count: int) -> Sequence[str]:
    """Of each layer; as if all attended to everything where the config does not say."""
    listed = first(text, "layer_types", "layers_block_type", "hybrid_override_pattern", default=())
    if isinstance(listed, str):  # nemotron_h: M is mamba, * attention, - and E keep nothing
        return ["attention" if c == "*" else "mamba" for c in listed]
    if listed:
        return [str(kind) for kind in listed]
    if interval := text.get("full_attention_interval"):
        return ["linear" if (i + 1) % int(interval) else "full_attention" for i in range(count)]
    if pattern := text.get("sliding_window_pattern"):
        return _pattern(pattern, count)
    if (attending := text.get("full_attn_idxs")) is not None:
        attends = {int(i) for i in attending}
        return ["full_attention" if i in attends else "conv" for i in range(count)]
    return ["full_attention"] * count


def _pattern(pattern: int | str, count: int) -> list[str]:
    """`6`: every sixth attends to everything. `LLLG`: the same in letters."""
    if isinstance(pattern, str):
        letters = (pattern[:count] * count)[:count]
        return ["sliding_attention" if c == "L" else "full_attention" for c in letters]
    return [
        "full_attention" if (i + 1) % pattern == 0 else "sliding_attention" for i in range(count)
    ]


def _numbers(text: Config, kinds: set[str]) -> int:
    """Numbers that a layer keeps for a token, keys and values together."""
    heads = int(first(text, "num_attention_heads", "n_heads", "n_head", "num_heads"))
    if text.get("kv_lora_rank"):
        return _latent_numbers(text, heads, kept=bool(kinds & LATENT))
    kv_heads = _largest(
        first(text, "num_key_value_heads", "n_kv_heads", "num_kv_heads", "n_head_kv", default=heads)
    )
    hidden = first(text, "hidden_size", "n_embd", "d_model", "hidden_dim", "model_dim", default=0)
    head = int(text.get("head_dim") or int(hidden) // heads)
    if head <= 0:
        raise KeyError("head_dim or hidden_size")
    widest = max(head, int(text.get("global_head_dim") or 0))
    values = max(widest, int(text.get("v_head_dim") or 0))
    return max(kv_heads, int(text.get("num_global_key_value_heads") or 0)) * (widest + values)


def _latent_numbers(text: Config, heads: int, *, kept: bool) -> int:
    rope = int(text.get("qk_rope_head_dim") or 0)
    if kept:  # and an indexer's keys, which are kept twice
        return int(text["kv_lora_rank"]) + rope + 2 * int(text.get("index_head_dim") or 0)
    keys = int(text.get("qk_nope_head_dim") or 0) + rope
    return heads * (keys + int(text.get("v_head_dim") or keys))


def _largest(said: Any) -> int:
    return max(int(n) for n in said) if isinstance(said, list) else int(said)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _token_bytes(numbers: int, item_bytes: int, kv_bits: int) -> int:
    if not kv_bits:
        return numbers * item_bytes
    return numbers * kv_bits // 8 + 2 * item_bytes * -(-numbers // GROUP)


def _state_numbers(text: Config) -> int:
    """Numbers that a layer with a state keeps for a request, whatever family it is of: the state,
    and the last inputs of its convolution."""
    hidden = int(text.get("hidden_size") or text.get("d_model") or 0)
    return max(_delta_numbers(text), _mamba_numbers(text, hidden), _conv_numbers(text, hidden))


def _delta_numbers(text: Config) -> int:
    """Gated delta rule: a matrix for each head of values."""
    if not text.get("linear_num_value_heads"):
        return 0
    key, value = int(text["linear_key_head_dim"]), int(text["linear_value_head_dim"])
    values = int(text["linear_num_value_heads"])
    conv = 2 * int(text.get("linear_num_key_heads") or values) * key + values * value
    return values * key * value + conv * int(text.get("linear_conv_kernel_dim") or 4)


def _mamba_numbers(text: Config, hidden: int) -> int:
    """State space: `state` numbers for each inner channel."""
    state = int(
        text.get("mamba_d_state") or text.get("ssm_state_size") or text.get("state_size") or 0
    )
    if not state:
        return 0
    heads = int(text.get("mamba_n_heads") or text.get("mamba_num_heads") or 0)
    head = int(text.get("mamba_d_head") or text.get("mamba_head_dim") or 0)
    expand = int(text.get("mamba_expand") or text.get("expand") or 2)
    inner = max(
        heads * head, int(text.get("mamba_d_ssm") or 0), 0 if heads * head else expand * hidden
    )
    groups = int(text.get("mamba_n_groups") or text.get("n_groups") or 1)
    kernel = int(text.get("mamba_d_conv") or text.get("conv_kernel") or 4)
    return inner * state + (inner + 2 * groups * state) * kernel


def _conv_numbers(text: Config, hidden: int) -> int:
    """Short convolutions, and recurrences with a matrix a head."""
    convolution = hidden * int(text.get("conv_L_cache") or 0)
    recurrent = 0
    if text.get("model_type") in ("rwkv7", "bailing_hybrid", "bailing_moe_linear", "kimi_linear"):
        recurrent = hidden * 3 + hidden * int(text.get("head_dim") or 128) * 2
    return max(convolution, recurrent)
