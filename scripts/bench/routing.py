"""10,000 nodes and 1,000,000 routes over a virtual clock: no sockets, the policies and their index
alone."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, replace

from common.model.ids import NodeId
from common.model.node import Node, NodeLoad
from coordinator_node.routing.index import Index
from coordinator_node.routing.project_affinity import GIB, Place
from coordinator_node.routing.work import Work
from scripts.bench.report import Figure

NODES = 10_000
ROUTES = 1_000_000
PROJECTS = 10_000
LEAVE = 100
BEATS = 50
SEED = 7
"""Of every choice, so that each run simulates the same."""

WORK = Work("inference", model="m")


@dataclass(frozen=True, slots=True)
class _Loads:
    per_s: float
    """Decisions alone."""
    with_beats_per_s: float
    imbalance: float
    """Of routes by node, the most against the mean."""


@dataclass(frozen=True, slots=True)
class _Places:
    new_per_s: float
    """Projects that nobody asked for before."""
    known_per_s: float
    imbalance: float
    moved: int
    """Of the projects of Dragons that stayed, how many had another one afterwards."""
    theirs: int
    """Of those that left."""


def measure() -> list[Figure]:
    """Decisions a second, imbalance, and moves when nodes leave."""
    loads, places = _balanced(), _placed()
    return [
        Figure(
            "least_loaded over 10,000 nodes, decisions/s",
            f"{loads.per_s:,.0f}; with {NODES:,} heartbeats between each "
            f"{ROUTES // 2 // BEATS:,} decisions {loads.with_beats_per_s:,.0f}",
            "aim >= 20,000",
            f"{ROUTES // 2:,} routes on a virtual clock, half of the nodes with the model; each "
            "node ends what it has at its own speed; seeded; seconds of CPU, on one core",
        ),
        Figure(
            "routes by node, max / mean",
            f"{loads.imbalance:.2f}",
            "no aim",
            "the same run, among the nodes that have the model loaded",
        ),
        Figure(
            "project_affinity over 10,000 Dragons, decisions/s",
            f"{places.known_per_s:,.0f}; of a project that is asked for the first time "
            f"{places.new_per_s:,.0f}",
            "aim >= 20,000",
            f"{ROUTES // 2:,} routes over {PROJECTS:,} projects that nobody holds, equal Dragons",
        ),
        Figure(
            "projects by Dragon, max / mean, at 100 projects a Dragon",
            f"{places.imbalance:.2f}",
            "no aim",
            f"{PROJECTS:,} projects over 100 of the Dragons",
        ),
        Figure(
            f"projects moved when {LEAVE} of 10,000 Dragons leave",
            f"{places.theirs} of those that left, {places.moved} of all others",
            "0 of all others",
            f"{PROJECTS:,} projects, each asked for before and after",
        ),
    ]


def _balanced() -> _Loads:
    chance = random.Random(SEED)
    index = Index()
    nodes = [_node(i, models=("m",) if i % 2 else ()) for i in range(NODES)]
    speed = [chance.choice((1, 2, 3)) for _ in nodes]
    at = {node.id: i for i, node in enumerate(nodes)}
    index.follow(nodes)
    given: Counter[NodeId] = Counter()
    deciding_s, began_s = 0.0, time.process_time()
    for _ in range(BEATS):
        now_s = time.process_time()
        arrived: Counter[NodeId] = Counter()
        for _ in range(ROUTES // 2 // BEATS):
            best = index.soonest(WORK, 3)[0].id
            index.note(best)
            arrived[best] += 1
        deciding_s += time.process_time() - now_s
        given.update(arrived)
        for i, node in enumerate(nodes):
            queue = max(0, node.load.queue + arrived[node.id] - speed[at[node.id]])
            nodes[i] = replace(node, load=NodeLoad(queue=queue))
            index.put(nodes[i])
    whole_s = time.process_time() - began_s
    having = [given[node.id] for node in nodes if node.models]
    mean = sum(having) / len(having)
    return _Loads(ROUTES // 2 / deciding_s, ROUTES // 2 / whole_s, max(having) / mean)


def _placed() -> _Places:
    chance = random.Random(SEED)
    nodes = [_node(i) for i in range(NODES)]
    index = Index()
    index.follow(nodes)
    names = [f"{i:016x}" for i in range(PROJECTS)]
    began_s = time.process_time()
    before = {name: _home(index, name) for name in names}
    new_s = time.process_time() - began_s
    asked = chance.choices(names, k=ROUTES // 2)
    began_s = time.process_time()
    for name in asked:
        _home(index, name)
    known_s = time.process_time() - began_s
    left = {node.id for node in chance.sample(nodes, LEAVE)}
    for node in left:
        index.remove(node)
    after = {name: _home(index, name) for name in names}
    few = Index()
    few.follow(nodes[:100])
    share = Counter(_home(few, name) for name in names)
    return _Places(
        PROJECTS / new_s,
        len(asked) / known_s,
        max(share.values()) / (PROJECTS / 100),
        sum(1 for name in names if before[name] not in left and before[name] != after[name]),
        sum(1 for name in names if before[name] in left),
    )


def _home(index: Index, project: str) -> NodeId:
    return index.homes(Work("lake", project), Place(project))[0].id


def _node(number: int, models: tuple[str, ...] = ()) -> Node:
    return Node(
        "dragon",
        NodeId(f"{number:016x}"),
        "host:1",
        "serving",
        3.0,
        capabilities=("lake", "inference"),
        load=NodeLoad(lake_bytes_free=GIB),
        models=models,
    )
