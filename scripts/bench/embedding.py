"""Texts a second through gRPC against onnxruntime alone, and whether a text's vector stays."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.clients.inference import InferenceClient
from dragon_node.inference.fetching.pins import BGE
from scripts.bench.material.chunks import chunks_of
from scripts.bench.report import Figure, median
from scripts.bench.stage import ROOT, mesh, second_laptop
from tests.support.mesh import Mesh

TEXTS = 256
ROUNDS = 5
CALL_TEXTS = 32
"""A call's texts, as the indexer sends them, and the peer's batch."""
PEER_BYTES_MAX = 64 << 20
"""Of one line that the peer answers."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """What one side did with the texts of a round."""

    texts_per_s: float
    rows: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Round:
    """Four sides, one after the other, with the same texts."""

    product: Embedded
    alone: Embedded
    """onnxruntime one by one, on as many threads as the product."""
    batched: Embedded
    """onnxruntime in batches, on as many threads as the product."""
    whole: Embedded
    """onnxruntime in batches, on every core."""


def measure(texts: int = TEXTS, rounds: int = ROUNDS) -> list[Figure]:
    """Ratios against three ways to use onnxruntime, and cosines between vectors of one text."""
    with mesh() as made:
        made.up(wait="ready")
        found = asyncio.run(_rounds(made, _texts(texts), rounds))
    product = [r.product.texts_per_s for r in found]
    method = (
        f"{texts} chunks of this repository under their heads, calls of {CALL_TEXTS} over gRPC, "
        f"median of {rounds} interleaved rounds, the first thrown away"
    )
    return [
        Figure(
            "embeddings through gRPC",
            f"{median(product):.1f} texts/s; ratio "
            f"{_ratio(found, 'alone'):.2f} to one by one on as many threads, "
            f"{_ratio(found, 'batched'):.2f} to batches on as many threads, "
            f"{_ratio(found, 'whole'):.2f} to batches on every core",
            f"onnxruntime in a process: {_rate(found, 'alone'):.1f}, {_rate(found, 'batched'):.1f} "
            f"and {_rate(found, 'whole'):.1f} texts/s",
            method,
        ),
        Figure(
            "the same text again",
            f"{_identical(found):.1%} of the vectors have the same bits in another round, in other "
            "company",
            f"onnxruntime in batches: {_identical(found, 'batched'):.1%}, cosines down to "
            f"{_cosine(found):.4f}",
            "each round has the texts in another order; one round against the others",
        ),
    ]


def _texts(number: int) -> list[str]:
    chunks = chunks_of([ROOT / "dragon_node"], number)
    return [f"{c.head}\n{c.text}" for c in chunks]


async def _rounds(made: Mesh, texts: Sequence[str], rounds: int) -> list[Round]:
    """Rows are in the order of `texts` whatever order a round had; the first round is left out."""
    found: list[Round] = []
    threads = max(1, (os.cpu_count() or 1) - 1)
    draw = np.random.default_rng(0)
    async with OnnxAlone() as peer, second_laptop(made) as membership:
        client = InferenceClient(membership.routed("inference"))
        for _ in range(rounds + 1):
            order = draw.permutation(len(texts))
            shuffled: list[str] = [texts[int(i)] for i in order]
            back = np.argsort(order)
            sides = (
                await _through(client, shuffled),
                await peer.embed(shuffled, batch=1, threads=threads),
                await peer.embed(shuffled, batch=CALL_TEXTS, threads=threads),
                await peer.embed(shuffled, batch=CALL_TEXTS, threads=0),
            )
            found.append(Round(*(Embedded(s.texts_per_s, s.rows[back]) for s in sides)))
    return found[1:]


async def _through(client: InferenceClient, texts: Sequence[str]) -> Embedded:
    rows: list[Sequence[float]] = []
    began = time.perf_counter()
    for at in range(0, len(texts), CALL_TEXTS):
        answer = await client.embed(texts[at : at + CALL_TEXTS], model=BGE.model)
        rows += answer.vectors
    seconds = time.perf_counter() - began
    return Embedded(len(texts) / seconds, np.array(rows, dtype=np.float32))


class OnnxAlone:
    """embedding_peer.py as a process."""

    async def __aenter__(self) -> OnnxAlone:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "scripts.bench.embedding_peer"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            limit=PEER_BYTES_MAX,
            env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"},
        )
        assert await self._line() == "ready"
        return self

    async def embed(self, texts: Sequence[str], *, batch: int, threads: int) -> Embedded:
        """Its own seconds count: no pipe is in them."""
        work = {"texts": list(texts), "batch": batch, "threads": threads}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(work).encode() + b"\n")
        await self._process.stdin.drain()
        did: dict[str, Any] = json.loads(await self._line())
        return Embedded(len(texts) / did["seconds"], np.array(did["rows"], dtype=np.float32))

    async def _line(self) -> str:
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode().strip()

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


def _rate(found: Sequence[Round], side: str) -> float:
    return median([getattr(r, side).texts_per_s for r in found])


def _ratio(found: Sequence[Round], side: str) -> float:
    return median([r.product.texts_per_s / getattr(r, side).texts_per_s for r in found])


def _identical(found: Sequence[Round], side: str = "product") -> float:
    first, *others = (getattr(r, side).rows for r in found)
    return float(np.mean([np.all(first == rows, axis=1).mean() for rows in others or [first]]))


def _cosine(found: Sequence[Round]) -> float:
    first, *others = (r.batched.rows for r in found)
    return float(min((first * rows).sum(axis=1).min() for rows in others or [first]))
