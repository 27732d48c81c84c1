"""Drives an engine by hand: what a scheduler does, without its thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from common.model.llm import GenerationRequest
from dragon_node.inference.catalog.entries import Directory, Entry
from dragon_node.inference.catalog.shape import Shape
from dragon_node.inference.engines.engine import Engine, Made, Opening
from dragon_node.inference.engines.opening import open_engine
from dragon_node.inference.reading.prompted import Constraint, Prompted


def opened(opening: Opening) -> Engine:
    """Goes through all slices of a load."""
    while True:
        try:
            next(opening)
        except StopIteration as whole:
            return whole.value


def engine_of(directory: Path, **entry: Any) -> Engine:
    """A model's engine as an entry with these fields asks for it."""
    made = Entry(directory.name, "fast", Directory(directory), **entry)
    return opened(open_engine(made, directory, Shape.read(directory, kv_bits=made.kv_bits)))


def prompted(
    tokens: Sequence[int], max_tokens: int = 16, constraint: Constraint | None = None, **asked: Any
) -> Prompted:
    """As the reading room would give it: with every default in place."""
    whole: dict[str, Any] = {"top_p": 1.0, "repetition_penalty": 1.0, "seed": 1} | asked
    return Prompted(GenerationRequest(max_tokens=max_tokens, **whole), tuple(tokens), constraint)


def alone(engine: Engine, asked: Prompted, prompt_tokens: int = 512) -> list[Made]:
    """All that is made for one request while nobody else is there."""
    slot = engine.insert(asked).slot
    made: list[Made] = []
    while not made or not made[-1].finish:
        made += engine.step(prompt_tokens).made
    assert all(m.slot == slot for m in made)
    return made


def together(
    engine: Engine, asked: Sequence[Prompted], prompt_tokens: int = 512
) -> list[list[Made]]:
    """The same for several that begin at once, in order."""
    made: dict[int, list[Made]] = {engine.insert(a).slot: [] for a in asked}
    while any(not m or not m[-1].finish for m in made.values()):
        for one in engine.step(prompt_tokens).made:
            made[one.slot].append(one)
    return list(made.values())


def said(made: Sequence[Made]) -> list[int]:
    """The tokens, without the one that ends."""
    return [m.token for m in made if m.token is not None]


TIE = 1e-3
"""Nats between the two likeliest tokens below which rounding may choose. A sum of float32 numbers
depends on how many rows BLAS multiplies at once and on how a prompt was cut into pieces; attention
itself is not changed by padding. Seen: 0 for SmolLM2 eight wide and from the cache, 0.00002 for it
cut into pieces of 16, and 0.00034 at most for the test models, whose logits are larger. The way to
have it equal would be to multiply as many rows alone as together, at half the speed alone."""


def agrees(engine: Engine, asked: Prompted, lone: Sequence[Made], found: Sequence[Made]) -> bool:
    """Token for token; `lone` has asked for two likeliest. A tie may be won by either, and what
    follows is then what the model says alone after that token, read anew. For greedy requests and
    constraints that remember nothing, with nobody in the engine."""
    told = 0
    while (place := _differs(lone, found[told:])) is not None:
        one, other = lone[place], found[told + place]
        if len(one.top) != 2 or not _tied(one, other):
            return False
        told += place + 1
        if other.finish:
            return told == len(found)
        engine.trim(0)
        lone = alone(engine, _after(asked, said(found[:told])))
    return len(lone) == len(found) - told


def _differs(lone: Sequence[Made], found: Sequence[Made]) -> int | None:
    """The first place; None when neither says what the other does not."""
    pairs = zip(lone, found, strict=False)
    places = (n for n, (a, b) in enumerate(pairs) if (a.token, a.finish) != (b.token, b.finish))
    return next(places, None)


def _after(asked: Prompted, tokens: Sequence[int]) -> Prompted:
    """The same request once these have been said."""
    left = asked.request.max_tokens - len(tokens)
    request = replace(asked.request, max_tokens=left)
    return replace(asked, request=request, tokens=(*asked.tokens, *tokens))


def _tied(one: Made, other: Made) -> bool:
    (_, best), (second, next_best) = one.top
    return best - next_best < TIE and other.token == second
