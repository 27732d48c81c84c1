"""What libraries hear from the environment, and what the person had set before we spoke."""

from __future__ import annotations

import os
from collections.abc import Mapping

_was: dict[str, str | None] = {}
"""Of every variable that was said here: what it was before; None when it was not set."""


def say(variables: Mapping[str, str]) -> None:
    """For libraries that read them when they are imported. What the person set stays."""
    for name, value in variables.items():
        _was.setdefault(name, os.environ.get(name))
        os.environ.setdefault(name, value)


def as_it_was() -> dict[str, str]:
    """The environment with what the person set, and without what was said here: for a process that
    does what this one must not."""
    now = {name: value for name, value in os.environ.items() if name not in _was}
    return now | {name: value for name, value in _was.items() if value is not None}
