"""`mlx_lm.stream_generate` alone in a process of its own: a line on stdin is one generation.

MLX wants one thread from start to end, and the process that measures the other side has a loop
with heartbeats to keep.
"""

from __future__ import annotations

import importlib
import sys
import time
from typing import Any

from common.daemon.home import models_directory
from dragon_node.inference import blas


def main(model_name: str, question: str, tokens_max: int) -> int:
    """Says "ready", then tokens a second for each line, until stdin ends."""
    blas.preload()
    mlx_lm: Any = importlib.import_module("mlx_lm")
    model, tokenizer = mlx_lm.load(str(models_directory() / model_name))
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True
    )
    print("ready", flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        tokens = 0
        for piece in mlx_lm.stream_generate(model, tokenizer, prompt, max_tokens=tokens_max):
            tokens = piece.generation_tokens
        print(tokens / (time.perf_counter() - began), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
