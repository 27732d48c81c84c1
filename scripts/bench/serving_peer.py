"""mlx_lm.server as it comes, in a process of its own, with the BLAS that the Dragon has.

The arguments are its own: `python -m scripts.bench.serving_peer --model DIRECTORY --port PORT`.
"""

from __future__ import annotations

from dragon_node.inference import mlx_modules

if __name__ == "__main__":
    mlx_modules.module("mlx_lm.server").main()
