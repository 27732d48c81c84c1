"""bge-small int8 on onnxruntime, one text at a time: the embedder that needs nothing else."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from common.daemon import environment
from common.errors import Unavailable
from dragon_node.inference.embedding.embedder import Vector, Vectors
from dragon_node.inference.embedding.queue import QueuedEmbedder, Run

ID = "bge-small-en-v1.5/int8/cls/query-prefix/128"
DIMENSION = 384
TOKENS_MAX = 128
QUERY_PREFIX = "Represent this sentence for searching relevant passages: "
TEXT_CHARS_MAX = 100_000
"""More than this is cut before the tokenizer reads it: 128 tokens never need it."""


class OnnxBge:
    """bge-small-en-v1.5 int8, CLS pooling, L2, at most 128 tokens, on a thread of its own.

    The file quantises activations at run time, so a vector would depend on its batch-mates and on
    padding. Each text therefore goes alone and unpadded: the same text gives the same bits.
    """

    def __init__(self, locate: Callable[[], Path]) -> None:
        """`locate` gives the model's directory, or raises why it is not there."""
        self._locate = locate
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedder")
        self._session: Session | None = None

    @property
    def loaded(self) -> bool:
        """True once the weights are in memory."""
        return self._session is not None

    def queued(self, run: Run | None = None) -> QueuedEmbedder:
        """The Embedder over it. Slices of one text: batches gain nothing here, and so a question
        waits for one text at most: its thread orders them. `run` is
        asked in the place of this one's, and asks it."""
        return QueuedEmbedder(ID, DIMENSION, run or self.run, slice_texts=1)

    async def run(self, texts: Sequence[str], query: bool) -> Vectors:
        """(len(texts), 384) rows of unit length; loads the model the first time."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._rows, texts, query)

    def close(self) -> None:
        """Frees the weights; waits for the texts that are being read."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._session = None

    def _rows(self, texts: Sequence[str], query: bool) -> Vectors:
        if self._session is None:
            self._session = Session(self._locate())
        prefix = QUERY_PREFIX if query else ""
        return np.stack([self._session.vector(prefix + text) for text in texts])


class Session:
    """The weights and their tokenizer; belongs to one thread."""

    def __init__(self, directory: Path) -> None:
        """Unavailable when the files are not what they should be."""
        # Its wheel reports to its maker unless it hears this before it is imported.
        environment.say({"ORT_DISABLE_TELEMETRY": "1"})
        # Both take a third of a second to import, so they are not imported before they are needed.
        runtime: Any = importlib.import_module("onnxruntime")
        tokenizers: Any = importlib.import_module("tokenizers")
        options: Any = runtime.SessionOptions()
        # One core stays free for what people wait for; the bits do not depend on the number.
        options.intra_op_num_threads = min(8, max(1, (os.cpu_count() or 1) - 1))
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session: Any = runtime.InferenceSession(
                str(directory / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer: Any = tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json"))
        except Exception as why:  # onnxruntime and tokenizers raise bare types of their own
            raise Unavailable(
                f"the embedder in {directory} cannot be loaded: {why}",
                hint=f"delete {directory}, then type: postdevai models pull {directory.name}",
            ) from why
        self._tokenizer.enable_truncation(TOKENS_MAX)
        self._tokenizer.no_padding()
        self._inputs: frozenset[str] = frozenset(i.name for i in self._session.get_inputs())

    def vector(self, text: str) -> Vector:
        """Of one text as it is: (384,), unit length."""
        encoded: Any = self._tokenizer.encode(text[:TEXT_CHARS_MAX])
        ids = np.array([encoded.ids], dtype=np.int64)
        feed = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        wanted = {name: value for name, value in feed.items() if name in self._inputs}
        states: Any = self._session.run(None, wanted)[0]
        cls = np.asarray(states[0, 0], dtype=np.float32)
        length = float(np.linalg.norm(cls))
        if not np.isfinite(length) or length == 0.0:
            raise Unavailable(
                "the embedder gave no direction for a text", hint="restart the Dragon"
            )
        return (cls / np.float32(length)).astype(np.float32)
