"""Refuses a start on which more is spoken for than there is, before any model came."""

from __future__ import annotations

from common.errors import Invalid
from dragon_node.inference.budget import sentences
from dragon_node.inference.budget.ledger import Ledger
from dragon_node.inference.budget.machine import (
    RESERVE_MAX_BYTES,
    RESERVE_MIN_BYTES,
    RESERVE_SHARE,
    Machine,
)


def check_fixed(ledger: Ledger, machine: Machine) -> None:
    """Invalid, with the sum and what to set, when lake, reserve and embedder alone are more than
    the memory: a ceiling that does not hold from the start holds never."""
    if ledger.fixed_bytes <= ledger.memory_bytes:
        return
    raise Invalid(
        f"the memory is too small for what is fixed: {sentences.fixed(ledger)}",
        hint=_hint(ledger, machine),
        field="memory_bytes",
    )


def _hint(ledger: Ledger, machine: Machine) -> str:
    """Numbers to copy: what is the least that starts, with nothing for models yet."""
    ways: list[str] = []
    lake = ledger.memory_bytes - ledger.reserve_bytes - ledger.embedder_bytes
    if ledger.lake_yields and lake > 0:
        ways.append(f"--lake-bytes {lake} at most")
    least = least_memory(ledger.lake_bytes + ledger.embedder_bytes)
    if machine.limited and ledger.lake_yields:
        ways.append(f"--memory-bytes {least} at least")
    if ways:
        return f"Set {' or '.join(ways)}, and leave the models some."
    if not ledger.lake_yields:
        return f"A GPU that may hold more than {sentences.sized(ledger.reserve_bytes)} is needed."
    return f"A machine or a container with {sentences.sized(least)} at least is needed."


def least_memory(held_bytes: int) -> int:
    """The smallest memory that holds so much beside its own reserve."""
    share = max(held_bytes - 1, 0) // (RESERVE_SHARE - 1)
    return held_bytes + min(max(share, RESERVE_MIN_BYTES), RESERVE_MAX_BYTES)
