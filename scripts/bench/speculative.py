"""Tokens/s and cache bytes of a model as it is, with a draft model, and with quantised caches.

`python -m scripts.bench.speculative --model DIR --draft DIR` measures other models than SmolLM2,
which has no smaller one that writes with its tokens: it drafts for itself here, so that every guess
is right and each costs as much as what it saves.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.daemon.home import models_directory
from common.errors import Unavailable
from common.model.llm import GenerationRequest
from dragon_node.inference.catalog.entries import Directory, Entry
from dragon_node.inference.catalog.shape import Shape
from dragon_node.inference.engines.engine import Engine, Made
from dragon_node.inference.engines.opening import open_engine
from dragon_node.inference.reading.prompted import Prompted
from scripts.bench.heard import MODEL
from scripts.bench.report import Figure, median, table

PREFILL_TOKENS = 512
PLAIN = "as it is"


@dataclass(frozen=True, slots=True)
class Run:
    """One answer."""

    first_s: float
    """Until the first token."""
    tokens_per_s: float
    """Of those after it."""
    cache_bytes: int
    """Of the prompt and the answer, once it is there."""
    tokens: tuple[int, ...]


def opened(model: Path, entry: Entry, draft: Path | None) -> Engine:
    """Loads at once; nobody waits beside it."""
    shape = Shape.read(model, kv_bits=entry.kv_bits)
    opening = open_engine(entry, model, shape, draft=draft)
    while True:
        try:
            next(opening)
        except StopIteration as whole:
            return whole.value


def answered(engine: Engine, prompt: Sequence[int], tokens: int) -> Run:
    """A greedy answer, with nothing in the cache before it and its own measured after it."""
    engine.trim(0)
    asked = GenerationRequest(max_tokens=tokens, top_p=1.0, repetition_penalty=1.0, seed=1)
    begun = first = time.perf_counter()
    engine.insert(Prompted(asked, tuple(prompt)))
    made: list[Made] = []
    while not made or not made[-1].finish:
        made += engine.step(PREFILL_TOKENS).made
        if len(made) == 1:
            first = time.perf_counter()
    rate = (len(made) - 1) / (time.perf_counter() - first)
    said = tuple(m.token for m in made if m.token is not None)
    return Run(first - begun, rate, engine.cache_bytes, said)


def ways(model: Path, draft: Path, guesses: Sequence[int]) -> dict[str, Engine]:
    """Every way that this model can be run; a way that it cannot is said."""
    entries = {PLAIN: Entry("model", "fast", Directory(model), slots=1)}
    for count in guesses:
        entries[f"draft, {count} guesses"] = Entry(
            "model", "fast", Directory(model), draft="draft", draft_tokens=count
        )
    for bits in (8, 4):
        entries[f"cache in {bits} bits"] = Entry("model", "fast", Directory(model), kv_bits=bits)
    engines: dict[str, Engine] = {}
    for name, entry in entries.items():
        try:
            engines[name] = opened(model, entry, draft if entry.draft else None)
        except Unavailable as why:
            print(f"{name}: {why.message}")
    return engines


def measure(
    model: Path | None = None,
    draft: Path | None = None,
    *,
    tokens: int = 48,
    prompt_tokens: int = 256,
    guesses: Sequence[int] = (3,),
    rounds: int = 3,
) -> list[Figure]:
    """Medians of interleaved rounds, all ways in memory at once; ratios to the model as it is."""
    model = model or models_directory() / MODEL
    engines = ways(model, draft or model, guesses)
    prompt = [100 + n * 7 % 400 for n in range(prompt_tokens)]
    runs: dict[str, list[Run]] = {name: [] for name in engines}
    for _ in range(rounds):
        for name, engine in engines.items():
            runs[name].append(answered(engine, prompt, tokens))
    drafting = "itself" if draft is None else draft.name
    how = (
        f"{model.name}, drafted by {drafting}, {prompt_tokens} tokens of prompt, {tokens} of "
        f"answer, greedy, in process, medians of {rounds} interleaved rounds"
    )
    return [figure(name, made, runs[PLAIN], how) for name, made in runs.items()]


def figure(name: str, made: Sequence[Run], plain: Sequence[Run], how: str) -> Figure:
    """With how many tokens are those of the model as it is before the first that is not."""
    rate, base = (median([r.tokens_per_s for r in runs]) for runs in (made, plain))
    pairs = zip(made[0].tokens, plain[0].tokens, strict=False)
    same = next((n for n, (a, b) in enumerate(pairs) if a != b), len(plain[0].tokens))
    return Figure(
        f"one stream, {name}",
        f"{rate:.1f} tokens/s, caches {made[0].cache_bytes / 2**20:.1f} MiB, first token after "
        f"{median([r.first_s for r in made]):.2f} s",
        f"ratio {rate / base:.2f} to {PLAIN}; {same} of {len(plain[0].tokens)} tokens the same",
        how,
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--model", type=Path)
    parser.add_argument("--draft", type=Path)
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--prompt-tokens", type=int, default=256)
    parser.add_argument("--guesses", type=int, nargs="*", default=[3])
    parser.add_argument("--rounds", type=int, default=3)
    print(table(measure(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
