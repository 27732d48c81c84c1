"""Every call that has one answer has a deadline, and nearer the person it is later, so that the
sentence of whoever gave up first arrives."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.clients import inference, lake
from common.rpc.repeatable import methods
from developer_node import service_lake, service_models
from developer_node.front import local_client, local_lake, local_models

ROOT = Path(__file__).resolve().parents[4]
CALLERS = sorted(
    [
        *(ROOT / "common" / "clients").glob("*.py"),
        *(ROOT / "developer_node" / "front").glob("local_*.py"),
        ROOT / "common" / "rpc" / "onward.py",
    ]
)
ONE_ANSWER = {
    name.partition("/")[2]
    for name, method in methods().items()
    if not method.server_streaming and not method.client_streaming
}


def calls(file: Path) -> Iterator[ast.Call]:
    """Those of a stub's methods, and those of a method that was looked up by its name."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        keywords = {keyword.arg for keyword in node.keywords}
        named = isinstance(node.func, ast.Attribute) and node.func.attr in ONE_ANSWER
        looked_up = isinstance(node.func, ast.Name) and "metadata" in keywords
        if named or looked_up:
            yield node


@pytest.mark.parametrize("file", CALLERS, ids=lambda file: file.name)
def test_every_call_with_one_answer_has_a_deadline(file: Path) -> None:
    for call in calls(file):
        keywords = {keyword.arg for keyword in call.keywords}
        assert "timeout" in keywords, f"{file.name}:{call.lineno}: {ast.unparse(call)}"


def test_calls_are_found_where_they_are() -> None:
    assert sum(1 for file in CALLERS for _ in calls(file)) > 30


@pytest.mark.parametrize(
    ("near_the_person", "further_on"),
    [
        (local_client.LAKE_S, lake.QUESTION_S),
        (local_client.QUICK_S, lake.STATS_S),
        (local_lake.LAKE_S, service_lake.ANSWER_S),
        (local_models.LIST_S, inference.LIST_S),
        (local_models.UNLOAD_S, service_models.ANSWER_S),
    ],
)
def test_whoever_is_nearer_to_the_person_waits_longer(
    near_the_person: float, further_on: float
) -> None:
    assert near_the_person > further_on
