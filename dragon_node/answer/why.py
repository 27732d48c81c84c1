"""Why a hit was found, in words for people. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from common.model.answer import Hit
from dragon_node.answer import question
from dragon_node.answer.fusion import Fused


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for."""

    words: tuple[str, ...]
    names: tuple[str, ...]
    quotes: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Asked:
        """Its content words, the names in it and the text that it quotes."""
        return cls(question.content_words(text), question.named(text), question.quoted(text))

    def covered(self, hit: Hit) -> tuple[str, ...]:
        """Those of the words that a hit contains."""
        return question.covered(self.words, f"{hit.symbol} {hit.path} {hit.text}")


def reasons(hit: Hit, found: Fused, asked: Asked, there: tuple[str, ...]) -> tuple[str, ...]:
    """`there` are the question's words that the hit contains."""
    out = list(hit.why)
    if found.symbol:
        out.append(_by_name(hit, asked.names))
    if found.substring:
        text = next((t for t in asked.quotes if t in hit.text), "")
        out.append(f"exact text: {text}" if text else "exact text")
    if found.cosine is not None:
        out.append("meaning")
    if found.bm25 is not None or hit.kind != "code":
        out.append("words: " + ", ".join(there[:4]) if there else "words")
    return tuple(out)


def _by_name(hit: Hit, names: tuple[str, ...]) -> str:
    # A chunk may hold several definitions, so its own name need not be the one asked for.
    defined = [n for n in names if n.split(".")[-1].lower() in hit.text.lower()]
    name = defined[0] if defined else hit.symbol
    return f"symbol: {name}" if name else "symbol"
