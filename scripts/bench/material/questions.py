"""Questions by number: no two begin alike, so that none finds another's prompt in a cache."""

from __future__ import annotations

import random

THINGS = (
    *("river", "lighthouse", "clock", "garden", "railway", "violin", "mountain", "library"),
    *("harbour", "kitchen", "letter", "winter", "bridge", "forest", "teacher", "market"),
)
WORDS = (
    *("the", "old", "house", "water", "stands", "behind", "every", "small", "green", "street"),
    *("people", "often", "walk", "under", "trees", "and", "speak", "about", "work", "music"),
    *("children", "play", "near", "stone", "wall", "while", "evening", "light", "falls", "on"),
)
"""Each is one token of most vocabularies, with the space before it."""


def story(number: int) -> str:
    """About 25 tokens, with an answer that does not end soon."""
    thing = THINGS[number % len(THINGS)]
    return f"{number}. Write a long story about a {thing}, with many details, in full sentences."


def reading(number: int, words: int, asked: int = 0) -> str:
    """About so many tokens to read before a question. The same number is the same text;
    `asked` is another question about it."""
    dice = random.Random(number)
    text = " ".join(dice.choices(WORDS, k=words))
    return f"{number}. {text}.\n\n{story(asked)}"
