"""A failure as the memory keeps it: all of it, as text."""

from __future__ import annotations

import dataclasses
import json

from common.model.failure import Failure, Frame


def failure_to_text(failure: Failure) -> str:
    """As it is kept."""
    return json.dumps(dataclasses.asdict(failure), ensure_ascii=False)


def failure_from_text(text: str) -> Failure:
    """As it was recorded."""
    fields = json.loads(text)
    fields["frames"] = tuple(Frame(**frame) for frame in fields["frames"])
    for paths in ("imports", "reaches", "headlines"):
        fields[paths] = tuple(fields.get(paths, ()))
    return Failure(**fields)
