"""A real lake and the real small models: from a question to lines that open."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from common.model.answer import AskEnd, AskPassages, AskRequest, Hit
from common.model.lake import SearchQuery
from dragon_node.answer.answering import Answering
from dragon_node.answer.retrieval import Retrieval
from dragon_node.inference.models import Models
from dragon_node.inference.opened import open_models
from dragon_node.ingest.embedding import EmbeddingLoop
from dragon_node.lake.lake import Lake
from tests.support.lake import Laptop, opened
from tests.support.models import models_dir as models_dir

FILES = {
    "store/journal.py": (
        '"""The durable record."""\n\nimport os\n\n\n'
        "def append(file, row):\n"
        '    """Writes a row and forces it to disk before it is acknowledged."""\n'
        "    file.write(row)\n    os.fsync(file.fileno())\n"
    ),
    "kitchen/bread.py": (
        "def bake(dough, oven):\n"
        '    """Bakes a loaf until its crust is brown."""\n'
        "    oven.heat(220)\n    return oven.bake(dough, minutes=40)\n"
    ),
    "README.md": "# Things\n\nA store with a journal, and a kitchen with an oven.\n",
}
QUESTION = "how is a row made durable before it is acknowledged"


def found(weights: Path, home: Path) -> AbstractAsyncContextManager[Models]:
    """The models whose weights lie there."""
    return open_models(weights, home, lake_bytes=1 << 28)


async def embed_all(lake: Lake, models: Models) -> None:
    loop = EmbeddingLoop(lake, models.embedder, arrived=models.embedder_arrived, quiet=models.quiet)
    while await loop.embed_some():
        pass


async def lines(lake: Lake, hit: Hit) -> str:
    blob = await lake.blob(hit.blob)
    assert blob is not None
    kept = blob.decode().splitlines()[hit.start_line - 1 : hit.end_line]
    return "\n".join(kept)


async def test_an_answer_rests_on_lines_that_open(models_dir: Path, tmp_path: Path):
    async with opened(tmp_path) as lake, found(models_dir, tmp_path) as models:
        await Laptop(lake).save(FILES)
        await embed_all(lake, models)
        asking = Answering(Retrieval(lake, models.embedder), models).ask(
            AskRequest(QUESTION, max_tokens=8)
        )
        first, *_, last = [part async for part in asking]
        assert isinstance(first, AskPassages)
        assert isinstance(last, AskEnd)
        assert first.passages[0].path == "store/journal.py"
        assert "kitchen/bread.py" not in [hit.path for hit in first.passages]
        assert first.demonstration
        assert first.freshness.vectors_share == 1.0
        assert last.citations
        for hit in [*first.passages, *last.citations]:
            assert (await lines(lake, hit)).strip() == hit.text.strip()
            assert hit.why


async def test_before_there_is_any_model_words_find_the_same_lines(tmp_path: Path):
    async with (
        opened(tmp_path / "lake") as lake,
        found(tmp_path / "none", tmp_path) as models,
    ):
        await Laptop(lake).save(FILES)
        retrieval = Retrieval(lake, models.embedder)
        first, last = [
            part async for part in Answering(retrieval, models).ask(AskRequest(QUESTION))
        ]
        assert isinstance(first, AskPassages)
        assert isinstance(last, AskEnd)
        assert first.passages[0].path == "store/journal.py"
        assert first.without_model.startswith("no model")
        assert first.freshness.vectors_share == 0.0
        assert last.citations


async def test_a_question_about_other_things_is_not_found(models_dir: Path, tmp_path: Path):
    async with opened(tmp_path) as lake, found(models_dir, tmp_path) as models:
        await Laptop(lake).save(FILES)
        await embed_all(lake, models)
        asking = Answering(Retrieval(lake, models.embedder), models).ask(
            AskRequest("what is the capital of France")
        )
        first, last = [part async for part in asking]
        assert isinstance(first, AskPassages)
        assert isinstance(last, AskEnd)
        assert first.passages == ()
        assert last.answer.startswith("not found in thing")
        speakers = [m for m in (await models.catalog()).models if m.purpose == "fast"]
        assert {m.state for m in speakers} == {"ready"}


async def test_a_search_says_why_for_name_text_words_and_meaning(models_dir: Path, tmp_path: Path):
    async with opened(tmp_path) as lake, found(models_dir, tmp_path) as models:
        await Laptop(lake).save(FILES)
        await embed_all(lake, models)
        retrieval = Retrieval(lake, models.embedder)
        (best, *_) = (await retrieval.search(SearchQuery("os.fsync in append()"))).hits
        assert best.path == "store/journal.py"
        kinds = {reason.split()[0] for reason in best.why}
        assert {"symbol:", "exact", "meaning", "words:"} <= kinds


async def test_pinned_files_stand_first_whether_or_not_they_come_close(tmp_path: Path):
    async with (
        opened(tmp_path / "lake") as lake,
        found(tmp_path / "none", tmp_path) as models,
    ):
        await Laptop(lake).save(FILES)
        asking = Answering(Retrieval(lake, models.embedder), models)
        request = AskRequest(QUESTION, pinned=("README.md", "gone.py", "kitchen/bread.py"))
        first, _ = [part async for part in asking.ask(request)]
        assert isinstance(first, AskPassages)
        paths = [hit.path for hit in first.passages]
        assert paths.index("README.md") < paths.index("kitchen/bread.py")
        assert paths.index("kitchen/bread.py") < paths.index("store/journal.py")
        for hit in first.passages[: paths.index("store/journal.py")]:
            assert hit.why[0] == "pinned"
            assert (await lines(lake, hit)).strip() == hit.text.strip()


async def test_what_is_excluded_wins_over_what_is_pinned(tmp_path: Path):
    async with (
        opened(tmp_path / "lake") as lake,
        found(tmp_path / "none", tmp_path) as models,
    ):
        await Laptop(lake).save(FILES)
        asking = Answering(Retrieval(lake, models.embedder), models)
        request = AskRequest(QUESTION, pinned=("kitchen/bread.py",), excluded=("kitchen/",))
        first, _ = [part async for part in asking.ask(request)]
        assert isinstance(first, AskPassages)
        assert "kitchen/bread.py" not in [hit.path for hit in first.passages]
        assert first.passages
