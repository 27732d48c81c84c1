"""docs/cli.md says what the command does: options that exist, shapes that are printed."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from common.model.answer import AskEnd, AskPassages, Freshness, Hit, ProjectFreshness
from common.model.audit import AuditCheck, AuditLine
from common.model.event import ActDone, CommandFinished, Event, Output, ProofFinished
from common.model.failure import (
    Failure,
    Flakiness,
    Frame,
    Occurrence,
    Proof,
    Recollection,
    Remedy,
)
from common.model.ids import ContentHash, EventId, NodeId, ProjectId, WorkingCopyId
from common.model.lake import (
    Generation,
    HistoryEntry,
    HistoryPage,
    KeptItem,
    LakeStats,
    LakeStep,
    ProjectStats,
    Related,
    RelatedThing,
    Relation,
    SearchResult,
    StoreStats,
)
from common.model.laptop import Circuit, LaptopStatus, NearStatus, WatchedRepository
from common.model.llm import InferenceStats, MemoryShare, Model, ModelList
from common.model.node import Node, RankedNode
from common.model.remedy import AutonomySetting, CardStats, DraftedPatch, MinedFix, MineEnd
from common.model.shared import LostValue, SharedItem, SharedSession, SyncStatus
from common.model.task import Task, TaskId, TaskPage
from developer_node.front import (
    output_audit,
    output_json,
    output_json_lake,
    output_json_models,
    output_json_remedies,
    output_owner,
    output_routes,
    output_services,
    output_shared,
    output_tasks,
)
from developer_node.front.cli import doctoring, measuring, recording
from developer_node.front.cli.application import application
from developer_node.front.doctor.finding import Finding
from developer_node.front.local_owner import NodeKey, OwnerState
from developer_node.front.local_routes import Explained
from developer_node.front.measuring import Figure
from developer_node.front.output_blob import as_json as open_json
from developer_node.front.reference import excerpt, read_reference
from developer_node.front.service.services import Service

DOCS = (Path(__file__).resolve().parents[5] / "docs" / "cli.md").read_text()
LINES = re.findall(r"^\$ postdevai (.*)$", DOCS, re.M)
BLOCKS = dict(re.findall(r"^```json (\w+)\n(.*?)^```$", DOCS, re.M | re.S))

SETTING = SharedItem("setting", "p", "autonomy", "v", lost=(LostValue("w", False, "b", 1),))
HIT = Hit("thing", "/code/thing", "a.py", 1, 2, blob=ContentHash("b" * 32), why=("words",))
FRESH = Freshness((ProjectFreshness("thing", "/code/thing"),))
FAILURE = Failure("pytest", "E", "test", "m", "m", frames=(Frame("a.py"),))
OCCURRENCE = Occurrence(EventId("e"), 1, "p", "/c", "", "pytest", "m")
COMMAND = Event(EventId("e" * 32), 1, WorkingCopyId("w"), CommandFinished("pytest", "/c", (1,), 1))
LAKE = LakeStats(
    1,
    2,
    True,
    "tmpfs",
    "/lake",
    3,
    4,
    stores=(StoreStats("projects", 1),),
    kept=(ProjectStats(ProjectId("p"), "thing", "awake"),),
    generations=(Generation(1, 2, 3),),
)
MODEL = Model("m", "fast", "ready", alternatives=("other",))
STATS = InferenceStats(1, (MemoryShare("lake", 1),))
REMEDY = Remedy("r", "confirmed", "code", proof=Proof("confirmed", 1, "", 3, 3, 3))
PROVEN = ProofFinished("r", FAILURE.fingerprint, "confirmed", output=Output("."))
GROUPS = (
    "audit",
    "lake",
    "mesh",
    "models",
    "nodes",
    "notes",
    "owner",
    "pins",
    "policy",
    "service",
    "settings",
    "sync",
    "tasks",
)
"""Commands that have commands of their own, each with --json."""
PRINTED: dict[str, Any] = {
    "settings": output_shared.items("settings", [SETTING]),
    "sync": output_shared.sync_data(SyncStatus(sessions=(SharedSession("p", files=("a",)),))),
    "tasks": output_tasks.page_json(TaskPage((Task(TaskId("t"), "snapshot"),))),
    "search": output_json.search(SearchResult((HIT,), freshness=FRESH)),
    "ask": output_json.ask(AskPassages((HIT,), model="m"), AskEnd("[1]", (HIT,), "stop")),
    "open": open_json(
        read_reference("0" * 32 + ":1"), excerpt(b"a\n", read_reference("0" * 32 + ":1"))
    ),
    "recall": output_json.recall(
        Recollection("same", FAILURE, (OCCURRENCE,), (REMEDY,), Flakiness(2, 7))
    ),
    "prove": output_json_remedies.proven(PROVEN),
    "mine": output_json_remedies.mined(
        (MinedFix("/c", "c", "s", 1, ("t.py",), ("a.py",), "w"),), MineEnd(1, 1, "s"), {}
    ),
    "patch": output_json_remedies.drafted(DraftedPatch("d", True, "s")),
    "cards": output_json_remedies.stats((CardStats("thing"),)),
    "autonomy": output_json_remedies.setting(AutonomySetting("advisor", "/c")),
    "revert": output_json_remedies.act(ActDone("assistant", "reverted", "r", "s")),
    "history": output_json.history(HistoryPage((HistoryEntry(1, COMMAND, "thing"),))),
    "related": output_json_lake.related(
        Related((Relation(RelatedThing("commit", "c"), "changed", RelatedThing("file", "a.py")),))
    ),
    "bench": measuring.as_json([Figure("recall", "what is remembered", "ms", 1.0, 2.0, 20)]),
    "doctor": doctoring.as_json([Finding("dragon-away", "It is not running.", "Start it.", 3)]),
    "kept": output_json_lake.kept((KeptItem("records", "journal"),)),
    "service": output_services.as_json("systemd", [Service("dragon", None, None)]),
    "snapshot": output_json_lake.steps((LakeStep("memory", 1, 3, "memory.db"),)),
    "lake": output_json_lake.lake(LAKE),
    "owner": output_owner.as_json(
        OwnerState("k", "f", True, (NodeKey("spiffe://m/dragon/d", "f", "signed", "r"),))
    ),
    "route": output_routes.as_json(
        {"capability": "lake", "project": "p", "model": None},
        Explained("x", (RankedNode(Node("dragon", NodeId("d"), "a:1", "serving", 1.0), 1),)),
    ),
    "audit": output_audit.lines_json(
        [AuditLine("l", 1, 1, "owner", "revoke", "n", "done", "a developer", "", "h")]
    ),
    "audit_verify": output_audit.check_json(AuditCheck(1, True)),
    "policy": output_audit.decision_json("tool", "LakeService/Search", True, ["dragon.cedar: x"]),
    "models": output_json_models.page(ModelList((MODEL,)), STATS),
    "status": output_json.status(
        LaptopStatus(
            (Node("dragon", NodeId("d"), "a:1", "serving", 1.0),),
            lake=LAKE,
            models=(Model("m", "fast", "ready"),),
            inference=STATS,
            repositories=(WatchedRepository("/r", WorkingCopyId("w"), 1, 0, "watching"),),
            api_version="1.0",
            circuits=(Circuit("lake", "open"),),
            near=NearStatus(),
        )
    ),
}


def shape(data: Any) -> Any:
    """Keys all the way down; lists by their first object, values left out."""
    match data:
        case dict():
            return {key: shape(value) for key, value in data.items()}
        case [dict() as first, *_]:
            return [shape(first)]
        case _:
            return None


@pytest.mark.parametrize("line", LINES)
def test_every_line_is_understood_by_the_parser(line: str) -> None:
    words = shlex.split(line, comments=True)
    if words[0] == "shell":
        return  # read by hand, as its own tests show
    if words[0] == "run":
        assert recording.read(words[1:]) is not None
        return
    group = typer.main.get_command(application())
    command = group.commands[words[0]]  # type: ignore[attr-defined]
    command.make_context(words[0], words[1:])


def test_every_command_and_option_is_in_the_docs() -> None:
    commands = dict(_commands())
    assert {_name(line.split()) for line in LINES} == {*commands, "run", "shell"}
    for name, command in commands.items():
        used = " ".join(line for line in LINES if _name(line.split()) == name)
        shown = [p for p in command.params if not getattr(p, "hidden", False)]
        for option in [o for p in shown for o in p.opts if o.startswith("--")]:
            known = option in used or (name.split()[0] in GROUPS and option == "--json")
            assert known or option == "--help", f"{name} {option} is not documented"


def _commands() -> Iterator[tuple[str, Any]]:
    """Each with its whole name; `run` has a parser of its own."""
    group: Any = typer.main.get_command(application())
    for name, command in group.commands.items():
        if name not in ("run", "shell"):
            yield name, command
        for inner, below in getattr(command, "commands", {}).items():
            yield f"{name} {inner}", below


def _name(words: list[str]) -> str:
    inner = words[0] in GROUPS and len(words) > 1 and not words[1].startswith("-")
    return " ".join(words[: 2 if inner else 1])


@pytest.mark.parametrize("name", sorted(PRINTED))
def test_the_shape_in_the_docs_is_the_shape_that_is_printed(name: str) -> None:
    documented, printed = shape(json.loads(BLOCKS[name])), shape(PRINTED[name])
    for data in (documented, printed):
        if name != "search":
            _drop_freshness(data)
    assert documented == printed


def test_every_documented_block_is_held_to_something_printed() -> None:
    assert set(BLOCKS) == set(PRINTED)


def _drop_freshness(data: Any) -> None:
    """Documented once, under search."""
    data.pop("freshness", None)
    if isinstance(data.get("lake"), dict):
        data["lake"].pop("freshness", None)
