"""Why a remedy cannot be tried, or was tried and is not confirmed."""

from __future__ import annotations


class Hindrance(Exception):
    """Ends a proof as unproven; its text is the reason, a sentence for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
