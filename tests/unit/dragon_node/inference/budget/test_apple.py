"""What `ioreg -c IOAccelerator` prints, recorded on Macs, and what comes of other text."""

from __future__ import annotations

import sys

import pytest

from dragon_node.inference.budget.apple import parsed, read
from dragon_node.inference.budget.device import Device

M1_MAX = """\
+-o AGXAcceleratorG13X  <class AGXAcceleratorG13X, id 0x100000a90, registered, matched, active>
    {
      "vendor-id" = <6b100000>
      "MetalPluginName" = "AGXMetalG13X"
      "IONameMatched" = "gpu,t6000"
      "PerformanceStatistics" = {"In use system memory (driver)"=0,\
"Alloc system memory"=23611097088,"Tiler Utilization %"=25,"recoveryCount"=0,\
"lastRecoveryTime"=0,"Renderer Utilization %"=23,\
"TiledSceneBytes"=1540096,"Device Utilization %"=25,"SplitSceneCount"=0,\
"Allocated PB Size"=120979456,"In use system memory"=745570304}
      "model" = "Apple M1 Max"
      "gpu-core-count" = 32
      "IOClass" = "AGXAcceleratorG13X"
    }
"""


def test_a_mac_tells_its_gpu_how_busy_it_is_and_what_it_holds() -> None:
    assert parsed(M1_MAX) == Device("Apple M1 Max", used_bytes=745570304, busy=0.25)


def test_memory_of_the_driver_is_not_taken_for_that_of_programs() -> None:
    """Its key begins with the same words, and comes first."""
    assert parsed('{"In use system memory (driver)"=5,"Device Utilization %"=10}').used_bytes == -1


@pytest.mark.parametrize("said", ["", "no such class\n", '"Device Utilization %"=101'])
def test_what_is_not_told_is_not_guessed(said: str) -> None:
    assert parsed(said) == Device()


@pytest.mark.skipif(sys.platform == "darwin", reason="there is a registry on a Mac")
def test_a_machine_without_a_registry_tells_nothing() -> None:
    assert read() == Device()
