"""What an engine takes, held to its limits before anything is written."""

from __future__ import annotations

import pytest

from common.errors import OverLimit
from coordinator_node.engine.limits import TOPICS_MAX, check_job
from coordinator_node.engine.ports import Job


def test_a_job_has_so_many_topics_and_no_more() -> None:
    topics = tuple(f"t{number}" for number in range(TOPICS_MAX + 1))
    check_job(Job("j", b"", topics=topics[1:]))
    with pytest.raises(OverLimit, match=f"a job has {TOPICS_MAX + 1} topics; {TOPICS_MAX} at most"):
        check_job(Job("j", b"", topics=topics))
