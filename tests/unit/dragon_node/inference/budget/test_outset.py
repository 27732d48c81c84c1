"""What is fixed fits the memory before any model comes, or the Dragon says what to set."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid
from dragon_node.inference.budget.governor import Governor
from dragon_node.inference.budget.ledger import Ledger
from dragon_node.inference.budget.machine import Gpu, Machine, reserve_of
from dragon_node.inference.budget.outset import check_fixed, least_memory

MB, GB = 1_000_000, 1_000_000_000
ONNX = 100 * MB


def planned(machine: Machine, lake_bytes: int, embedder_bytes: int = ONNX) -> Ledger:
    governor = Governor.of(machine, lake_bytes)
    governor.set_embedder(embedder_bytes)
    return governor.ledger


def refused(machine: Machine, lake_bytes: int) -> Invalid:
    with pytest.raises(Invalid) as why:
        check_fixed(planned(machine, lake_bytes), machine)
    return why.value


def test_a_ceiling_below_what_is_fixed_is_refused_with_the_sum_and_what_to_set():
    why = refused(Machine(GB, "--memory-bytes", limited=True), 330 * MB)
    assert why.message == (
        "the memory is too small for what is fixed: embedder 100 MB, lake 330 MB, reserve 768 MB:"
        " 1.2 GB, 198 MB more than the 1.0 GB there are"
    )
    assert why.hint == (
        "Set --lake-bytes 132000000 at most or --memory-bytes 1198000000 at least,"
        " and leave the models some."
    )
    assert why.field == "memory_bytes"


def test_who_does_what_was_said_is_not_refused_again():
    machine = Machine(GB, "--memory-bytes", limited=True)
    lake, memory = map(int, re.findall(r"bytes (\d+)", refused(machine, 330 * MB).hint))
    check_fixed(planned(machine, lake), machine)
    wider = replace(machine, memory_bytes=memory)
    check_fixed(planned(wider, 330 * MB), wider)
    assert planned(wider, 330 * MB).free_bytes == 0
    with pytest.raises(Invalid):
        check_fixed(planned(machine, lake + 1), machine)


def test_a_machine_that_has_no_more_is_told_to_take_from_the_lake_alone():
    why = refused(Machine(GB, "this machine's memory"), 330 * MB)
    assert "--lake-bytes 132000000 at most, and" in why.hint
    assert "--memory-bytes" not in why.hint


def test_a_machine_below_the_reserve_is_told_what_is_needed():
    why = refused(Machine(512 * MB, "the limit of this container"), 256 * MB)
    assert why.hint == "A machine or a container with 1.1 GB at least is needed."


def test_a_gpu_below_the_reserve_is_told_that_no_lake_helps():
    why = refused(Machine(16 * GB, "", Gpu("small", GB)), 2 * GB)
    assert why.hint == "A GPU that may hold more than 2.0 GB is needed."


def test_what_just_fits_starts():
    machine = Machine(2_868 * MB, "--memory-bytes")
    check_fixed(planned(machine, 2 * GB), machine)


@given(st.integers(0, 1 << 42))
def test_the_least_memory_holds_what_it_is_for_and_one_byte_less_does_not(held: int):
    least = least_memory(held)
    assert least - reserve_of(least) >= held
    assert least - 1 - reserve_of(least - 1) < held
