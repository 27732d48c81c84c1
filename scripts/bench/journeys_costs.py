"""CPU and bytes of a mesh in a network namespace, and what became of them from tree to tree."""

from __future__ import annotations

import resource
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from scripts.bench.cards_stages import Span
from scripts.bench.report import Figure, median
from tests.support.mesh import ROLES, Mesh

TYPED = "typed command"
"""`postdevai` itself, with what it started; the daemons are the others."""
STAGES: Mapping[str, Mapping[str, Sequence[str]]] = {
    TYPED: {
        "the recorder": ("written.write",),
        "of it redaction": ("redaction.redact", "redaction.redact_bytes"),
        "of it the ground": ("ground._dirty", "ground._changes", "snapshot.take"),
        "of it the spool": ("spool.write",),
    },
    "developer": {
        "spool read": ("spool.read",),
        "parse": ("terminal._understood",),
        "outbox": ("outbox.append", "outbox.batch", "outbox.will_send"),
        "sender": ("sender._send_next", "lake.records"),
        "feed": ("feed.publish",),
        "local API": (
            "service_developer.Search",
            "service_developer.Recall",
            "service_developer.History",
        ),
        "of it the lake's client": ("lake.search", "lake.recall", "lake.history"),
        "of it resolve": ("membership.resolve",),
    },
    "dragon": {
        "guard": ("guard.admit",),
        "ingest": ("lake.journal",),
        "journal's thread": ("journal_writer._commit",),
        "apply": ("stores.apply",),
        "stores' threads": ("database._write",),
        "of it failure memory": ("memory.apply",),
        "card": ("suggesting._shown",),
        "answer": ("service_lake.Search", "service_lake.Recall", "service_lake.History"),
        "of it retrieval": ("retrieval.search",),
    },
    "coordinator": {"guard": ("guard.admit",)},
}
"""By process, the traced functions of each stage; CPU of the threads that they ran on."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What was spent up to a time, or between two."""

    at_s: float
    cpu_s: Mapping[str, float]
    """By process."""
    bytes: int
    packets: int

    def __sub__(self, other: Cost) -> Cost:
        spent = {who: cpu - other.cpu_s[who] for who, cpu in self.cpu_s.items()}
        at_s, packets = self.at_s - other.at_s, self.packets - other.packets
        return Cost(at_s, spent, self.bytes - other.bytes, packets)

    def beyond(self, rest: Cost) -> Cost:
        """Less what so long a rest costs."""
        share = self.at_s / rest.at_s
        spent = {who: cpu - rest.cpu_s[who] * share for who, cpu in self.cpu_s.items()}
        size = self.bytes - round(rest.bytes * share)
        return Cost(self.at_s, spent, size, self.packets - round(rest.packets * share))


@dataclass(frozen=True, slots=True)
class Journey:
    """So many events or questions of one kind."""

    cost: Cost
    count: int
    spans: Sequence[Span]
    roles: Mapping[int, str]
    """The daemons' process ids."""

    def stages_us(self) -> Mapping[tuple[str, str], float]:
        """CPU of one, by process and stage."""
        spent: dict[tuple[str, str], float] = defaultdict(float)
        for span in self.spans:
            spent[self.roles.get(span.pid, TYPED), span.name] += span.cpu
        return {
            (who, stage): sum(spent[who, name] for name in names) / self.count / 1_000
            for who, stages in STAGES.items()
            for stage, names in stages.items()
        }


class Meter:
    """Of one mesh whose daemons share a network namespace: what its loopback carries is all that
    they say to each other, in frames as they would be on a cable."""

    def __init__(self, mesh: Mesh) -> None:
        self._daemons = {role: psutil.Process(mesh.pid(role)) for role in ROLES}
        self._counters = Path(f"/proc/{mesh.pid('dragon')}/net/dev")

    def roles(self) -> Mapping[int, str]:
        """The daemons by process id."""
        return {process.pid: role for role, process in self._daemons.items()}

    def now(self) -> Cost:
        """Spent so far; of typed commands those that this process has waited for."""
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = {TYPED: children.ru_utime + children.ru_stime}
        for role, process in self._daemons.items():
            times = process.cpu_times()
            spent[role] = sum((times.user, times.system))
        line = next(each for each in self._counters.read_text().splitlines() if " lo:" in each)
        numbers = line.split(":")[1].split()
        return Cost(time.perf_counter(), spent, int(numbers[0]), int(numbers[1]))

    def rest(self, seconds: float) -> Cost:
        """What so long a time without any work costs."""
        before = self.now()
        time.sleep(seconds)
        return self.now() - before


Found = tuple[Mapping[str, Sequence[Journey]], Sequence[Cost]]


def shown(sides: Mapping[str, Found]) -> list[Figure]:
    """A line for each kind, with the sides beside each other."""
    (last, _) = list(sides.values())[-1]
    figures = [_at_rest(sides)]
    for what in last:
        count = last[what][0].count * len(last[what])
        by_side = [(name, journeys[what]) for name, (journeys, _) in sides.items()]
        figures.append(
            Figure(
                f"{what}: CPU, ms",
                "; ".join(
                    f"{who} {_arrow([_cpu_ms(each, who) for _, each in by_side])}"
                    for who in (TYPED, *ROLES)
                ),
                "",
                f"median of the rounds, {count} in all; user and system time, less that of rest",
            )
        )
        figures.append(Figure(f"{what}: on the wire", _wire(by_side), "", ""))
        figures.append(Figure(f"{what}: stages, µs", _stages(by_side), "", "CPU of its thread"))
    return figures


def _at_rest(sides: Mapping[str, Found]) -> Figure:
    rests = [costs for _, costs in sides.values()]
    size = _arrow([sum(c.bytes for c in each) / sum(c.at_s for c in each) for each in rests], 0)
    count = [sum(c.packets for c in each) / sum(c.at_s for c in each) for each in rests]
    spent = "; ".join(
        f"{who} {_arrow([_share(each, who) for each in rests], 2)} %" for who in ROLES
    )
    return Figure(
        f"rest ({' → '.join(sides)})",
        f"{size} bytes a second in {_arrow(count)} packets; CPU of a core: {spent}",
        "",
        "three daemons in one network namespace; loopback's counters with an MTU of 1,500",
    )


def _share(costs: Sequence[Cost], who: str) -> float:
    return 100 * sum(c.cpu_s[who] for c in costs) / sum(c.at_s for c in costs)


def _cpu_ms(journeys: Sequence[Journey], who: str) -> float:
    return median([1_000 * each.cost.cpu_s[who] / each.count for each in journeys])


def _wire(by_side: Sequence[tuple[str, Sequence[Journey]]]) -> str:
    size = [median([j.cost.bytes / j.count for j in each]) for _, each in by_side]
    count = [median([j.cost.packets / j.count for j in each]) for _, each in by_side]
    return f"{_arrow(size, 0)} bytes in {_arrow(count)} packets"


def _stages(by_side: Sequence[tuple[str, Sequence[Journey]]]) -> str:
    each_side = [[journey.stages_us() for journey in each] for _, each in by_side]
    parts: list[str] = []
    for who, stages in STAGES.items():
        said: list[str] = []
        for stage in stages:
            spent = [median([one[who, stage] for one in rounds]) for rounds in each_side]
            if max(spent) >= 1:
                said.append(f"{stage} {_arrow(spent, 0)}")
        if said:
            parts.append(f"{who}: {', '.join(said)}")
    return "; ".join(parts)


def _arrow(values: Sequence[float], digits: int = 1) -> str:
    return " → ".join(f"{value:,.{digits}f}" for value in values)
