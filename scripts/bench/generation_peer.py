"""Bare mlx_lm in a process of its own: a JSON object on stdin is one piece of work.

MLX wants one thread from start to end, and the process that measures the other side has a loop
with heartbeats to keep. `{"prompts": [...], "tokens": N, "together": true}` is answered with
`{"tokens": N, "seconds": S}`: in a row through `stream_generate`, together in a `BatchGenerator`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from common.daemon.home import models_directory
from dragon_node.inference import mlx_modules


def main(model_name: str) -> int:
    """Says "ready", then does what each line says, until stdin ends."""
    mlx_lm = mlx_modules.module("mlx_lm")
    model, tokenizer = mlx_lm.load(str(models_directory() / model_name))
    print("ready", flush=True)
    for line in sys.stdin:
        work = json.loads(line)
        prompts = [
            tokenizer.apply_chat_template(
                [{"role": "user", "content": question}], add_generation_prompt=True
            )
            for question in work["prompts"]
        ]
        began = time.perf_counter()
        does = _together if work["together"] else _in_a_row
        tokens = does(model, tokenizer, prompts, work["tokens"])
        seconds = time.perf_counter() - began
        print(json.dumps({"tokens": tokens, "seconds": seconds}), flush=True)
    return 0


def _in_a_row(model: Any, tokenizer: Any, prompts: Sequence[list[int]], tokens_max: int) -> int:
    stream_generate = mlx_modules.module("mlx_lm").stream_generate
    made = 0
    for prompt in prompts:
        pieces = stream_generate(model, tokenizer, prompt, max_tokens=tokens_max)
        made += max(piece.generation_tokens for piece in pieces)
    return made


def _together(model: Any, tokenizer: Any, prompts: Sequence[list[int]], tokens_max: int) -> int:
    ends = [[token] for token in tokenizer.eos_token_ids]
    batch = mlx_modules.module("mlx_lm.generate").BatchGenerator(
        model,
        stop_tokens=ends,
        completion_batch_size=len(prompts),
        prefill_batch_size=len(prompts),
    )
    batch.insert(list(prompts), max_tokens=[tokens_max] * len(prompts))
    made = 0
    while responses := batch.next_generated():
        made += len(responses)
    batch.close()
    return made


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
