"""The contract for scripts: every key is always there, and null when not known."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.model.answer import AskEnd, AskPassages, Freshness, Hit, ProjectFreshness
from common.model.event import (
    CommandFinished,
    EditorEvent,
    Event,
    FileChanged,
    GitOperation,
    WorkingCopySeen,
)
from common.model.failure import (
    Failure,
    Flakiness,
    Frame,
    Occurrence,
    Recollection,
    Remedy,
)
from common.model.ids import ContentHash, EventId, NodeId, WorkingCopyId
from common.model.lake import HistoryEntry, HistoryPage, LakeStats, SearchResult
from common.model.laptop import LaptopStatus
from common.model.node import Node
from developer_node.front import output_json

DOCS = Path(__file__).resolve().parents[4] / "docs" / "cli.md"
BARE_HIT = Hit("thing", "/code/thing", "a.py", 1, 2)
FRESHNESS = {
    *("projects", "events_behind", "vectors_share", "words_behind", "not_asked", "asleep", "away"),
}


def keys(data: dict[str, Any]) -> set[str]:
    json.dumps(data)  # a contract for scripts is nothing that json cannot say
    return set(data)


def test_a_hit_has_every_key_and_null_for_what_is_not_known() -> None:
    found = output_json.search(SearchResult((BARE_HIT,), complete=False))
    assert keys(found) == {"hits", "complete", "freshness"}
    [hit] = found["hits"]
    assert keys(hit) == {
        *("project", "working_copy", "path", "start_line", "end_line", "symbol"),
        *("commit", "blob", "dirty", "score", "why", "kind", "event", "language", "at"),
    }
    assert [hit["symbol"], hit["commit"], hit["blob"], found["complete"]] == [None] * 3 + [False]


def test_freshness_says_null_while_the_first_scan_runs_and_zero_when_nothing_is_behind() -> None:
    projects = (ProjectFreshness("a", "/a", files_behind=-1), ProjectFreshness("b", "/b"))
    fresh = output_json.freshness(Freshness(projects, 0, 0.5))
    assert keys(fresh) == FRESHNESS
    assert [p["files_behind"] for p in fresh["projects"]] == [None, 0]
    assert keys(fresh["projects"][0]) == {
        *("project", "working_copy", "copy", "indexed_commit", "head_commit", "files_behind"),
    }


def test_an_answer_cites_what_the_model_cited() -> None:
    other = Hit("thing", "/code/thing", "b.py", 3, 4, blob=ContentHash("b" * 32))
    passages = AskPassages((BARE_HIT, other), model="m")
    asked = output_json.ask(passages, AskEnd("so [2]", (other,), "stop"))
    assert keys(asked) >= {"answer", "citations", "model", "away", "freshness"}
    [citation] = asked["citations"]
    assert keys(citation) == {
        *("project", "path", "start_line", "end_line", "commit", "blob", "dirty"),
    }
    assert citation["path"] == "b.py"
    assert asked["away"] is False


def test_without_a_model_the_passages_are_the_citations_and_there_is_no_answer() -> None:
    asked = output_json.ask(AskPassages((BARE_HIT,), without_model="model 40 %"), AskEnd())
    assert [c["path"] for c in asked["citations"]] == ["a.py"]
    assert asked["answer"] is None and asked["model"] is None
    assert asked["without_model"] == "model 40 %"


def test_a_model_that_cited_nothing_is_not_given_citations() -> None:
    asked = output_json.ask(AskPassages((BARE_HIT,), model="m"), AskEnd("I think so", (), "stop"))
    assert asked["citations"] == []


BODIES = (
    WorkingCopySeen("/code/thing", "host"),
    FileChanged("a.py"),
    GitOperation("commit", new="c" * 40),
    CommandFinished("pytest | tee log", "/code/thing", (2, 0), 12),
    EditorEvent("save", "a.py"),
)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_every_kind_of_event_has_the_same_keys(body: Any) -> None:
    event = Event(EventId("e" * 32), 1_772_546_700_123, WorkingCopyId(""), body)
    page = output_json.history(HistoryPage((HistoryEntry(7, event, ""),)))
    [entry] = page["events"]
    command = Event(event.id, event.at_ms, event.working_copy, BODIES[3])
    assert keys(entry) == keys(output_json.entry(HistoryEntry(8, command, "p")))
    assert keys(entry) >= {"id", "at", "kind", "project", "command", "cwd", "exit_code"}
    assert entry["at"] == "2026-03-03T14:05:00.123Z"
    assert entry["project"] is None


def test_a_pipeline_has_the_exit_code_of_its_last_command_and_all_of_them() -> None:
    event = Event(EventId("e" * 32), 1, WorkingCopyId(""), BODIES[3])
    entry = output_json.event(event, "thing")
    assert (entry["exit_code"], entry["exit_codes"]) == (0, [2, 0])


def test_a_recollection_of_nothing_has_every_key() -> None:
    known = output_json.recall(Recollection("none"))
    assert keys(known) >= {"match", "failure", "occurrences", "remedies", "flaky", "freshness"}
    assert (known["failure"], known["flaky"], known["remedies"]) == (None, None, [])


def test_a_recollection_of_everything_has_every_key() -> None:
    known = output_json.recall(
        Recollection(
            "same",
            Failure("pytest", "E", "test", "m", "m", frames=(Frame("a.py"),)),
            (Occurrence(EventId("e"), 1, "p", "/c", "", "pytest", "m"),),
            (Remedy("r", "observed", "code"),),
            Flakiness(2, 7),
        )
    )
    [remedy] = known["remedies"]
    assert keys(remedy) >= {"state", "kind", "commit", "label", "diff", "command", "why"}
    assert remedy["commit"] is None and remedy["passed_at"] is None
    assert remedy["accepted"] is False
    assert keys(known["occurrences"][0]) >= {"at", "cwd", "commit"}
    assert known["flaky"] == {"failed": 2, "runs": 7}


def test_status_has_the_same_keys_with_and_without_the_dragon_and_the_daemon() -> None:
    node = Node("dragon", NodeId("d"), "127.0.0.1:50051", "serving", 2.5, pid=7)
    lake = LakeStats(1, 2, True, "tmpfs", "/lake", 3, 4)
    whole = output_json.status(LaptopStatus((node,), lake=lake))
    away = output_json.status(LaptopStatus((node,), dragon_unavailable="gone"))
    alone = output_json.status_without_daemon((node,), "not running")
    assert keys(whole) == keys(away) == keys(alone)
    for part in ("outbox", "lake"):
        assert keys(whole[part]) == keys(away[part]) == keys(alone[part])
    assert keys(whole["outbox"]) >= {"waiting", "refused", "gaps"}
    assert keys(whole["lake"]) >= {"bytes", "budget_bytes", "ram"}
    assert keys(whole["nodes"][0]) == keys(alone["nodes"][0])
    assert keys(whole["nodes"][0]) >= {"role", "id", "pid", "state", "address", "lease_s"}
    assert (away["lake"]["ram"], alone["outbox"]["waiting"]) == (None, None)
    assert (whole["nodes"][0]["lease_s"], alone["nodes"][0]["lease_s"]) == (2.5, None)


def test_a_node_tells_its_models_on_disk_and_why_it_copies_nothing() -> None:
    """And every key of a node is in the document that the page shows."""
    quiet = Node("dragon", NodeId("d"), "127.0.0.1:50051", "serving", 2.5)
    why = "Its leader's journal was cut."
    said = replace(quiet, models=("m",), on_disk=("m", "n"), follows="e", behind=-1, in_the_way=why)
    known = output_json.node(said)
    assert (known["models"], known["on_disk"]) == (["m"], ["m", "n"])
    assert (known["behind"], known["in_the_way"]) == (None, why)
    known = output_json.node(quiet)
    assert (known["on_disk"], known["in_the_way"]) == ([], None)
    shown = re.search(r"^```json status\n(.*?)^```$", DOCS.read_text(), re.M | re.S)
    assert shown
    assert set(json.loads(shown[1])["nodes"][0]) == set(known)
