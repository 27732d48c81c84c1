"""Bare onnxruntime in a process of its own: a JSON object on stdin is one piece of work.

`{"texts": [...], "batch": N, "threads": N}` is answered with `{"seconds": S, "rows": [[...]]}`:
batches in order and padded to their longest, as the model's page tells to embed with it; 0 threads
are as many as onnxruntime takes by itself.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime
import tokenizers

from common.daemon.home import models_directory
from dragon_node.inference.embedding.onnx_bge import TOKENS_MAX
from dragon_node.inference.fetching.pins import BGE


def main() -> int:
    """Says "ready", then does what each line says, until stdin ends."""
    directory = models_directory() / BGE.model
    tokenizer: Any = tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json"))
    tokenizer.enable_truncation(TOKENS_MAX)
    tokenizer.enable_padding()
    print("ready", flush=True)
    for line in sys.stdin:
        work = json.loads(line)
        session = _session(work["threads"])
        began = time.perf_counter()
        rows = [
            row
            for at in range(0, len(work["texts"]), work["batch"])
            for row in _rows(session, tokenizer, work["texts"][at : at + work["batch"]])
        ]
        seconds = time.perf_counter() - began
        print(json.dumps({"seconds": seconds, "rows": rows}), flush=True)
    return 0


@functools.cache
def _session(threads: int) -> Any:
    runtime: Any = onnxruntime
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    path = models_directory() / BGE.model / "model.onnx"
    return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _rows(session: Any, tokenizer: Any, texts: Sequence[str]) -> list[list[float]]:
    encoded = tokenizer.encode_batch(texts)
    ids = np.array([e.ids for e in encoded], dtype=np.int64)
    feed = {
        "input_ids": ids,
        "attention_mask": np.array([e.attention_mask for e in encoded], dtype=np.int64),
        "token_type_ids": np.zeros_like(ids),
    }
    wanted = {i.name: feed[i.name] for i in session.get_inputs()}
    cls = session.run(None, wanted)[0][:, 0]
    return (cls / np.linalg.norm(cls, axis=1, keepdims=True)).tolist()


if __name__ == "__main__":
    raise SystemExit(main())
