"""What models take and do, in one reading."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

from common.model.llm import InferenceStats
from dragon_node.inference import blas
from dragon_node.inference.budget.gauge import Gauge
from dragon_node.inference.budget.ledger import Ledger
from dragon_node.inference.scheduling.counts import Counts


def stats_of(ledger: Ledger, counts: Counts, gauge: Gauge) -> InferenceStats:
    """Everything but the embedders' and the fault. Loads nothing: MLX is asked if it is there.

    Every count is a field of the same name.
    """
    mx: Any = sys.modules.get("mlx.core")
    seen, multiplies = gauge.read(), blas.found()
    return InferenceStats(
        memory_bytes=ledger.memory_bytes,
        shares=ledger.shares(),
        active_bytes=int(mx.get_active_memory()) if mx else 0,
        pool_bytes=int(mx.get_cache_memory()) if mx else 0,
        peak_bytes=int(mx.get_peak_memory()) if mx else 0,
        wired_bytes=seen.wired_bytes,
        device=seen.name or "CPU",
        device_bytes=seen.bytes,
        device_used_bytes=seen.used_bytes,
        device_busy=seen.busy,
        blas=multiplies.library if multiplies else "",
        gflops=multiplies.gflops if multiplies else 0.0,
        **asdict(counts),
    )
