"""What a question goes out with: what its owner set for the working copy, where it says nothing
of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from common.model.answer import AskRequest
from common.model.laptop import WorkContext


def given(request: AskRequest, context: WorkContext) -> AskRequest:
    """The question with the owner's pins, exclusions and note; its own stand before them."""
    return replace(
        request,
        pinned=request.pinned or context.pinned,
        excluded=request.excluded or context.excluded,
        note=request.note or context.note,
    )


def meant(project: str, working_copies: Iterable[str]) -> str | None:
    """Which working copy's wishes count: the one that was worked in last (empty) for a question
    about everything, that of the project otherwise; None when this laptop has none of it."""
    if not project:
        return ""
    return next((path for path in working_copies if PurePosixPath(path).name == project), None)
