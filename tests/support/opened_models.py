"""The Dragon's models over tiny ones of random weights, opened for a block."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from common.model.llm import ChatMessage, Generated, GenerationRequest, Model
from dragon_node.inference.models import Models
from dragon_node.inference.opened import CATALOG, open_models
from tests.support.tiny_models import tiny_model

LAKE_BYTES = 256 << 20
TWO = """
[models.tiny]
source = "directory:{here}/tiny"
purpose = "code"
[models.other]
source = "directory:{here}/other"
purpose = "reasoning"
"""


def tiny_pair(here: Path) -> None:
    """`tiny` and `other` in directories of their names."""
    for seed, name in enumerate(("tiny", "other")):
        tiny_model(here / name, seed=seed)


@asynccontextmanager
async def models_over(here: Path, text: str = TWO) -> AsyncGenerator[Models]:
    """Over what lies in `here`, with this models.toml."""
    edit(here, text)
    (here / "weights").mkdir(exist_ok=True)
    async with open_models(here / "weights", here, lake_bytes=LAKE_BYTES) as opened:
        yield opened


def edit(here: Path, text: str) -> None:
    """The owner writes his file."""
    (here / CATALOG).write_text(text.format(here=here))


def asked(model: str, tokens: int = 2, text: str = "Hello") -> GenerationRequest:
    """A greedy request."""
    return GenerationRequest(model, (ChatMessage("user", text),), tokens)


async def whole(pieces: AsyncGenerator[Generated]) -> Sequence[Generated]:
    """Every piece."""
    return [piece async for piece in pieces]


async def listed(models: Models) -> dict[str, Model]:
    """By name."""
    return {m.name: m for m in (await models.catalog()).models}
