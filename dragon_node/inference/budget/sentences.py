"""The sums of the ledger in words: every refusal, wait and stand-in says its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from common.model.llm import MemoryShare
from dragon_node.inference.budget.ledger import Ledger, Resident, Want

SHARES = {"kv": "caches of requests"}
"""Words for shares whose name says little to people."""


def sized(size: int) -> str:
    """Bytes as people say them: 18.5 GB."""
    amount = float(size)
    for unit in ("bytes", "KB", "MB"):
        if abs(amount) < 1000:
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def sum_of(ledger: Ledger) -> str:
    """Who has what, what it comes to, and what is left."""
    parts = _listed(ledger.shares()) or "nothing"
    used, whole = sized(ledger.used_bytes), sized(ledger.memory_bytes)
    if ledger.free_bytes < 0:
        return f"{parts}: {used}, {sized(-ledger.free_bytes)} more than the {whole} there are"
    return f"{parts}: {used} of {whole}, {sized(ledger.free_bytes)} free"


def fixed(ledger: Ledger) -> str:
    """What is spoken for before any model, and by how much that is too much."""
    parts, used = _listed(_fixed(ledger)), sized(ledger.fixed_bytes)
    over = sized(ledger.fixed_bytes - ledger.memory_bytes)
    return f"{parts}: {used}, {over} more than the {sized(ledger.memory_bytes)} there are"


def needs(want: Want) -> str:
    """What a request needs, and for what."""
    weights, caches = sized(want.weight_bytes), sized(want.kv_bytes)
    if want.weight_bytes and want.kv_bytes:
        whole = sized(want.bytes)
        return f"{want.model} needs {whole}, {weights} of weights and {caches} of caches"
    if want.weight_bytes:
        return f"{want.model} needs {weights} of weights"
    return f"{want.model} needs {caches} more of caches"


def short(ledger: Ledger, want: Want) -> str:
    """What is needed beside what is there."""
    free, whole = sized(max(ledger.free_bytes, 0)), sized(ledger.memory_bytes)
    return f"{needs(want)}; {free} of {whole} is free ({_listed(ledger.shares())})"


def evicting(ledger: Ledger, want: Want) -> str:
    """Why a model was unloaded."""
    return f"made room: {needs(want)}; {sized(max(ledger.free_bytes, 0))} was free"


def standing_in(ledger: Ledger, want: Want, by: str) -> str:
    """Why another model answers."""
    return f"{by} answers instead of {want.model}: {short(ledger, want)}"


def waiting(ledger: Ledger, want: Want, busy: Sequence[Resident], young: Sequence[Resident]) -> str:
    """Why it waits, and for whom."""
    for_whom = [_at_work(resident) for resident in busy]
    for_whom += [f"{resident.name}, which was loaded a moment ago" for resident in young]
    return f"waiting for {'; '.join(for_whom)}: {short(ledger, want)}"


def refusing(ledger: Ledger, want: Want, most_bytes: int, staying: Sequence[Resident]) -> str:
    """Why it never fits: what it takes, and what remains when all that can go has gone."""
    always = _listed(_fixed(ledger))
    kept = [always] if always else []
    kept += [_staying(resident, want) for resident in staying]
    most, whole = sized(max(most_bytes, 0)), sized(ledger.memory_bytes)
    besides = f"; what stays: {', '.join(filter(None, kept))}" if any(kept) else ""
    return f"{needs(want)}, and of {whole} no more than {most} can be freed for it{besides}"


def _fixed(ledger: Ledger) -> list[MemoryShare]:
    return [s for s in ledger.shares() if s.name in ("embedder", "lake", "reserve")]


def _listed(shares: Iterable[MemoryShare]) -> str:
    return ", ".join(f"{SHARES.get(s.name, s.name)} {sized(s.bytes)}" for s in shares if s.bytes)


def _at_work(resident: Resident) -> str:
    if resident.loading:
        return f"{resident.name}, which is loading"
    many = f"{resident.requests} requests" if resident.requests > 1 else "a request"
    return f"{resident.name}, which works on {many}"


def _staying(resident: Resident, want: Want) -> str:
    who = f"{resident.name} itself" if resident.name == want.model else f"pinned {resident.name}"
    return f"{who} {sized(resident.weight_bytes)}"
