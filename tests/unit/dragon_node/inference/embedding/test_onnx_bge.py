"""The real embedder: the same text gives the same bits, whoever else is being embedded."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from common.errors import Unavailable
from dragon_node.inference.embedding.onnx_bge import ID, OnnxBge
from dragon_node.inference.embedding.queue import QueuedEmbedder
from dragon_node.inference.fetching import pins

TEXTS = ["def close(self): pass", "The journal is synced before the acknowledgement. " * 30, ""]


@pytest.fixture
def embedder(models_dir: Path) -> Iterator[QueuedEmbedder]:
    opened = OnnxBge(lambda: models_dir / pins.BGE.model)
    yield opened.queued()
    opened.close()


async def test_vectors_are_float32_of_unit_length(embedder: QueuedEmbedder):
    vectors = await embedder.embed(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), embedder.dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


async def test_a_vector_does_not_depend_on_the_texts_beside_it(embedder: QueuedEmbedder):
    together = await embedder.embed(TEXTS)
    alone = [(await embedder.embed([text]))[0] for text in TEXTS]
    assert all(np.array_equal(a, b) for a, b in zip(together, alone, strict=True))


async def test_a_vector_does_not_depend_on_the_process_that_made_it(
    embedder: QueuedEmbedder, models_dir: Path
):
    other = OnnxBge(lambda: models_dir / pins.BGE.model)
    first, second = await asyncio.gather(embedder.embed(TEXTS), other.queued().embed(TEXTS))
    other.close()
    assert np.array_equal(first, second)


async def test_a_question_is_embedded_with_its_prefix(embedder: QueuedEmbedder):
    (as_text,) = await embedder.embed(["where is the journal synced"])
    (as_query,) = await embedder.embed(["where is the journal synced"], query=True)
    assert not np.array_equal(as_text, as_query)


async def test_a_question_is_closer_to_its_answer_than_to_anything_else(embedder: QueuedEmbedder):
    (query,) = await embedder.embed(["where is the journal synced to disk"], query=True)
    passages = await embedder.embed(
        ["def append(row): write(row); os.fsync(journal)", "def bake(bread): oven.heat(220)"]
    )
    near, far = passages @ query
    assert near > far + 0.1


async def test_a_question_overtakes_a_long_list(embedder: QueuedEmbedder):
    await embedder.embed(["warm"])
    ended: list[str] = []

    async def embed(name: str, texts: list[str]) -> None:
        await embedder.embed(texts, query=name == "question")
        ended.append(name)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(embed("list", ["some text of some length"] * 40))
        tasks.create_task(embed("question", ["what"]))
    assert ended == ["question", "list"]


async def test_an_absent_model_is_unavailable_and_is_noticed_when_it_comes(models_dir: Path):
    arrived = False

    def locate() -> Path:
        if not arrived:
            raise Unavailable("model 40 %")
        return models_dir / pins.BGE.model

    bge = OnnxBge(locate)
    embedder = bge.queued()
    with pytest.raises(Unavailable, match="40 %"):
        await embedder.embed(["text"])
    assert not bge.loaded
    arrived = True
    assert (await embedder.embed(["text"])).shape == (1, 384)
    assert bge.loaded
    bge.close()


async def test_a_broken_file_is_unavailable_and_says_what_to_do(tmp_path: Path):
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    bge = OnnxBge(lambda: tmp_path)
    with pytest.raises(Unavailable) as why:
        await bge.queued().embed(["text"])
    assert "postdevai models pull" in why.value.hint
    bge.close()


def test_the_id_names_all_that_makes_vectors_differ():
    assert ID.split("/") == [
        "bge-small-en-v1.5",
        "int8",
        "cls",
        "query-prefix",
        "128",
    ]


def test_it_keeps_and_sends_no_notes_for_its_maker(models_dir: Path, tmp_path: Path) -> None:
    """The wheel of onnxruntime writes a device's id into the user's cache, and a queue to send,
    unless it hears otherwise before it is imported."""
    program = (
        "import sys; from pathlib import Path\n"
        "from dragon_node.inference.embedding.onnx_bge import Session\n"
        "Session(Path(sys.argv[1])).vector('a text')\n"
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "ORT_"))}
    subprocess.run(
        [sys.executable, "-c", program, str(models_dir / pins.BGE.model)],
        env=kept | {"HOME": str(tmp_path)},
        check=True,
        timeout=100,
    )
    assert not list(tmp_path.rglob("*onnxruntime*"))
