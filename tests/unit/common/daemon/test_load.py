"""What a node says it is busy with is within what its machine has."""

from __future__ import annotations

import psutil

from common.daemon.load import OwnLoad


def test_a_load_tells_of_the_process_and_of_its_machine() -> None:
    load = OwnLoad(lambda: 3)()
    assert load.queue == 3
    assert 0 < load.rss_bytes < load.machine_memory_bytes_max
    assert 0 < load.machine_memory_bytes <= load.machine_memory_bytes_max
    assert load.machine_memory_bytes_max == psutil.virtual_memory().total
    assert 0.0 <= load.machine_cpu <= 1.0
