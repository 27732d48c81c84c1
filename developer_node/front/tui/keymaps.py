"""Keys by the name of what they do, and the keymaps that are built in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from textual.binding import Binding, BindingType

KEYMAPS: dict[str, Mapping[str, str]] = {
    "default": {},
    "vim": {
        # h and l move in Vim, so they open no view.
        "view.timeline": "2,f4",
        "view.lake": "5,f3",
        "view.next": "tab,L",
        "view.previous": "shift+tab,H",
        "palette": "ctrl+p,colon",
        "leave": "q,Z",
    },
}
"""What each changes of the default keys."""

_CALL = re.compile(r"^(?:[a-z]+\.)?(\w+)(?:\((.*)\))?$")


def named(room: str, bindings: Iterable[BindingType]) -> list[BindingType]:
    """The bindings, each with the name by which tui.toml gives it another key."""
    return [
        replace(binding, id=_name(room, binding.action))
        if isinstance(binding, Binding) and binding.id is None
        else binding
        for binding in bindings
    ]


def names_of(bindings: Iterable[BindingType]) -> list[tuple[str, str]]:
    """Names and what they do, for the page that lists them."""
    return [
        (binding.id, binding.description)
        for binding in bindings
        if isinstance(binding, Binding) and binding.id
    ]


def _name(room: str, action: str) -> str:
    """ "failures" and "judge('accepted')" are "failures.judge.accepted"."""
    found = _CALL.match(action)
    if found is None:
        return f"{room}.{action}"
    words = re.findall(r"[\w-]+", found[2] or "")
    return ".".join((room, found[1], *words))
