"""What is known of one run alone is never called unchanged."""

from __future__ import annotations

import pytest

from dragon_node.failures.episodes import _is_half_known
from dragon_node.failures.runs import Environment

KNOWN = Environment(lock_hash="", interpreter="python 3.11", packages="p", variables="v")


@pytest.mark.parametrize("part", ["packages", "variables", "interpreter"])
def test_an_environment_that_is_known_on_one_side_is_not_equal(part: str) -> None:
    """A dependency that was installed had been told as a flaky test."""
    parts = {"packages": "p", "variables": "v", "interpreter": "python 3.11"} | {part: ""}
    unknown = Environment(lock_hash="", **parts)
    assert _is_half_known(KNOWN, unknown)
    assert _is_half_known(unknown, KNOWN)
    assert not _is_half_known(unknown, unknown)
    assert not _is_half_known(KNOWN, KNOWN)
