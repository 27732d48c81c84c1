"""A tiny llama in GGUF becomes an MLX directory that mlx_lm loads, rows in the right order."""

# In a process of its own each: mlx belongs to one thread, and to the scheduler's in this process.

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MAKE = """
import json, sys
from pathlib import Path
from dragon_node.inference import blas
blas.preload()
import mlx.core as mx
from dragon_node.inference.fetching.convert import convert

H, KV, WIDTH, VOCAB = 4, 2, 64, 16
def permuted(x, n):   # as llama.cpp stores q and k
    return x.reshape(n, 2, x.shape[0] // n // 2, *x.shape[1:]).swapaxes(1, 2).reshape(x.shape)

mx.random.seed(1)
q = mx.random.normal((WIDTH, WIDTH))
k = mx.random.normal((WIDTH // 2, WIDTH))
v = mx.random.normal((WIDTH // 2, WIDTH))
weights = {
    "token_embd.weight": mx.random.normal((VOCAB, WIDTH)),
    "output_norm.weight": mx.ones((WIDTH,)),
    "blk.0.attn_q.weight": permuted(q, H),
    "blk.0.attn_k.weight": permuted(k, KV),
    "blk.0.attn_v.weight": v,
    "blk.0.attn_output.weight": mx.random.normal((WIDTH, WIDTH)),
    "blk.0.ffn_gate.weight": mx.random.normal((96, WIDTH)),
    "blk.0.ffn_up.weight": mx.random.normal((96, WIDTH)),
    "blk.0.ffn_down.weight": mx.random.normal((WIDTH, 96)),
    "blk.0.attn_norm.weight": mx.ones((WIDTH,)),
    "blk.0.ffn_norm.weight": mx.ones((WIDTH,)),
}
letters = [chr(c) for c in range(ord("a"), ord("a") + VOCAB - 4)]
tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "ab", *letters]
def number(n, kind=mx.uint32):
    return mx.array(n, dtype=kind)
metadata = {
    "general.architecture": ARCHITECTURE,
    "llama.attention.head_count": number(H), "llama.attention.head_count_kv": number(KV),
    "llama.embedding_length": number(WIDTH), "llama.block_count": number(1),
    "llama.feed_forward_length": number(96), "llama.context_length": number(128),
    "llama.attention.layer_norm_rms_epsilon": number(1e-5, mx.float32),
    "llama.rope.freq_base": number(10000.0, mx.float32),
    "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "smollm",
    "tokenizer.ggml.tokens": tokens, "tokenizer.ggml.merges": ["a b"],
    "tokenizer.ggml.token_type": mx.array([3, 3, 3] + [1] * (VOCAB - 3), dtype=mx.int32),
    "tokenizer.ggml.bos_token_id": number(1), "tokenizer.ggml.eos_token_id": number(2),
    "tokenizer.ggml.padding_token_id": number(2),
    "tokenizer.chat_template": "{% for m in messages %}{{ m.content }}{% endfor %}",
}
out = Path(sys.argv[1])
mx.save_gguf(str(out / "tiny.gguf"), weights, metadata)
"""

FLOAT = """
convert(out / "tiny.gguf", out, keep_quantised=False)
from mlx_lm.utils import load_model, load_tokenizer
model, config = load_model(out)
tokenizer = load_tokenizer(out)
attention = model.model.layers[0].self_attn
print(json.dumps({
    "q": bool(mx.array_equal(attention.q_proj.weight, q)),
    "k": bool(mx.array_equal(attention.k_proj.weight, k)),
    "v": bool(mx.array_equal(attention.v_proj.weight, v)),
    "dtype": str(attention.q_proj.weight.dtype),
    "ids": tokenizer.encode("abc<|im_end|>", add_special_tokens=False),
    "text": tokenizer.decode([3, 6]),
    "eos": sorted(tokenizer.eos_token_ids),
    "shape": list(model(mx.array([[4, 5]])).shape),
}))
"""

BLOCKS = """
def quantised(name, w):
    packed, scales, biases = mx.quantize(w, group_size=32, bits=4)
    return {f"{name}.weight": packed, f"{name}.scales": scales, f"{name}.biases": biases}
loaded, about = mx.load(str(out / "tiny.gguf"), return_metadata=True)
for name in ("blk.0.attn_q", "blk.0.attn_v"):
    loaded |= quantised(name, loaded.pop(f"{name}.weight"))
mx.load = lambda *args, **kwargs: (loaded, about)
convert(out / "tiny.gguf", out, keep_quantised=KEEP)
from mlx_lm.utils import load_config
import safetensors
with safetensors.safe_open(str(out / "model.safetensors"), "np") as file:
    names = sorted(n for n in file.keys() if "attn.q_proj" in n)
    dtypes = {n: str(file.get_tensor(n).dtype) for n in names}
print(json.dumps({"names": names, "dtypes": dtypes, "config": load_config(out)}))
"""


def converted(out: Path, script: str, **values: object) -> dict[str, object]:
    constants = "".join(f"{name} = {value!r}\n" for name, value in values.items())
    ended = subprocess.run(
        [sys.executable, "-c", constants + MAKE + script, str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2_000:]
    return dict(json.loads(ended.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def floats(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return converted(tmp_path_factory.mktemp("floats"), FLOAT, ARCHITECTURE="llama")


def test_rows_of_q_and_k_are_put_back_in_order(floats: dict[str, object]):
    assert (floats["q"], floats["k"], floats["v"]) == (True, True, True)


def test_weights_are_float32_for_a_cpu(floats: dict[str, object]):
    assert floats["dtype"] == "mlx.core.float32"


def test_the_tokenizer_merges_and_knows_its_special_tokens(floats: dict[str, object]):
    assert floats["ids"] == [3, 6, 2]
    assert floats["text"] == "abc"
    assert floats["eos"] == [2]


def test_the_directory_is_one_that_mlx_lm_runs(floats: dict[str, object]):
    assert floats["shape"] == [1, 2, 16]


def test_quantised_blocks_can_be_kept_as_they_are(tmp_path: Path):
    made = converted(tmp_path, BLOCKS, ARCHITECTURE="llama", KEEP=True)
    stem = "model.layers.0.self_attn.q_proj"
    assert made["names"] == [f"{stem}.biases", f"{stem}.scales", f"{stem}.weight"]
    config = made["config"]
    assert isinstance(config, dict)
    assert config["quantization"] == {"group_size": 32, "bits": 4}


def test_quantised_blocks_are_dequantised_for_a_cpu(tmp_path: Path):
    made = converted(tmp_path, BLOCKS, ARCHITECTURE="llama", KEEP=False)
    assert made["dtypes"] == {"model.layers.0.self_attn.q_proj.weight": "float32"}
    config = made["config"]
    assert isinstance(config, dict)
    assert "quantization" not in config


def test_another_architecture_is_refused(tmp_path: Path):
    script = """
from common.errors import Corrupt
try:
    convert(out / "tiny.gguf", out, keep_quantised=False)
except Corrupt as why:
    print(json.dumps({"refused": why.message}))
"""
    assert "not a llama" in str(converted(tmp_path, script, ARCHITECTURE="mamba")["refused"])
