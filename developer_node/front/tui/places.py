"""The eight views: their numbers, what their tabs say, and the keys that open them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One view, as tabs, keys, palette and help name it."""

    name: str
    number: str
    title: str
    short: str
    """The title where eight must stand in 80 columns."""
    keys: tuple[str, ...] = ()
    """More keys that open it, as upstream had them; outside of a field."""


PLACES = (
    Place("dashboard", "1", "Dashboard", "Home", ("home",)),
    Place("timeline", "2", "Timeline", "Timeline", ("f4", "h")),
    Place("failures", "3", "Failures", "Failures"),
    Place("ask", "4", "Ask", "Ask"),
    Place("lake", "5", "RAM-Lake", "Lake", ("f3", "l")),
    Place("models", "6", "Models", "Models", ("f2", "m")),
    Place("context", "7", "Context", "Context", ("f5", "c")),
    Place("nodes", "8", "Nodes", "Nodes"),
)

NUMBER_OF = {place.name: place.number for place in PLACES}
TITLE_OF = {place.name: place.title for place in PLACES}
FIRST = PLACES[0].name
