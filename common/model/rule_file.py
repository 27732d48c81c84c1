"""A file of rules, as it travels and as it is kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A file of Cedar policies."""

    name: str
    text: str
