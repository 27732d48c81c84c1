"""A story to tell, and somebody to ask about it."""

from __future__ import annotations

import pytest

from dragon_node.failures.recall import Recaller
from tests.support.failures import Story


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def recaller(story: Story) -> Recaller:
    return Recaller(story)
