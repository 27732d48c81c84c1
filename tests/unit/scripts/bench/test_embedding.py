"""What embeddings are held against is the same model, used as its page tells."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dragon_node.inference.embedding.onnx_bge import OnnxBge
from dragon_node.inference.fetching.pins import BGE
from scripts.bench.embedding import OnnxAlone
from tests.support.models import models_dir as models_dir

TEXTS = ["def close(self): pass", "The journal is synced before the acknowledgement. " * 9, "a"]


async def test_onnxruntime_alone_gives_the_vectors_of_the_product(models_dir: Path):
    bge = OnnxBge(lambda: models_dir / BGE.model)
    product = await bge.queued().embed(TEXTS)
    bge.close()
    async with OnnxAlone() as peer:
        alone = await peer.embed(TEXTS, batch=1, threads=1)
        together = await peer.embed(TEXTS, batch=3, threads=0)
    assert np.allclose(alone.rows, product, atol=1e-6)
    assert (together.rows * product).sum(axis=1).min() > 0.98
    assert alone.texts_per_s > 0
