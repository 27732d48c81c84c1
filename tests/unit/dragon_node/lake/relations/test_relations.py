"""Relations as a project's file bears them out, and how they go with what bore them out."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import pytest

from common.model.event import Event, FileChanged
from common.model.lake import Related, RelatedQuery, Thing, Verb
from dragon_node.failures.memory import FailureMemory
from dragon_node.lake import history, relations
from dragon_node.lake.records import Note
from dragon_node.lake.relations import labels, neighbours
from dragon_node.lake.relations.neighbours import Node, Row
from dragon_node.lake.relations.walking import walked
from tests.support.lake import COPY, OTHER_COPY, ran, saved, seen
from tests.support.project_file import MINUTE_MS, PROJECT, ProjectFile, committed, failed

_ALL = neighbours.IN_PROJECT_VERBS | neighbours.IN_MEMORY_VERBS


async def _around(
    file: ProjectFile,
    kind: Thing,
    name: str,
    *verbs: Verb,
    hops: int = 1,
    limit: int = 100,
    memory: apsw.Connection | None = None,
) -> Related:
    async def ask(frontier: Sequence[Node], most: int) -> list[Row]:
        wanted = verbs or tuple(_ALL)
        rows = neighbours.in_project(file.db, frontier, wanted, most)
        if memory is not None:
            rows += neighbours.in_memory(memory, frontier, wanted, most, PROJECT)
        return rows

    return await walked(RelatedQuery(kind, name, hops=hops, limit=limit), ask)


def _said(found: Related) -> list[tuple[str, str, str]]:
    return [(r.source.id, r.verb, r.target.id) for r in found.relations]


def _save(file: ProjectFile, path: str, text: str) -> None:
    file.tell(saved(path, text), text)


async def test_a_file_is_related_to_what_it_defines_and_to_what_it_imports() -> None:
    file = ProjectFile()
    _save(file, "shop/orders.py", "def total():\n    pass\n")
    _save(file, "main.py", "import numpy\nfrom shop.orders import total\n")
    assert set(_said(await _around(file, "file", "main.py"))) == {
        ("main.py", "imports", "shop/orders.py"),
        ("main.py", "imports", "numpy"),
    }
    assert set(_said(await _around(file, "file", "shop/orders.py"))) == {
        ("main.py", "imports", "shop/orders.py"),
        ("shop/orders.py", "defines", "total"),
    }
    assert _said(await _around(file, "symbol", "total")) == [("shop/orders.py", "defines", "total")]
    assert _said(await _around(file, "symbol", "numpy")) == [("main.py", "imports", "numpy")]


async def test_an_import_finds_its_file_when_that_comes_later_and_loses_it_when_it_goes() -> None:
    file = ProjectFile()
    _save(file, "main.py", "import helper\n")
    assert _said(await _around(file, "file", "main.py")) == [("main.py", "imports", "helper")]
    _save(file, "lib/helper.py", "x = 1\n")
    assert _said(await _around(file, "file", "main.py")) == [
        ("main.py", "imports", "lib/helper.py")
    ]
    file.tell(FileChanged("lib/helper.py", deleted=True))
    assert _said(await _around(file, "file", "main.py")) == [("main.py", "imports", "helper")]
    _save(file, "main.py", "import json\n")
    assert _said(await _around(file, "symbol", "helper")) == []
    assert file.db.execute("SELECT count(*) FROM modules WHERE key='py:helper'").get == 0


async def test_imports_go_with_the_working_copy_that_has_left() -> None:
    file = ProjectFile()
    file.tell(seen())
    _save(file, "main.py", "import helper\n")
    file.tell(Note("left", {"working_copy": COPY}))
    assert _said(await _around(file, "file", "main.py")) == []


async def test_files_that_change_together_are_related_by_as_many_commits() -> None:
    file = ProjectFile()
    file.tell(committed("c1", "a.py", "b.py"))
    file.tell(committed("c2", "a.py", "b.py", "c.py"))
    file.tell(committed("c3", "b.py"))
    file.tell(committed("big", *(f"a{n}.py" for n in range(30)), "a.py"))
    found = await _around(file, "file", "a.py", "changed_with")
    assert [(r.target.id, r.weight) for r in found.relations] == [("b.py", 2), ("c.py", 1)]
    assert len(_said(await _around(file, "commit", "big", "changed"))) == 31


async def test_a_commit_that_two_working_copies_tell_counts_once() -> None:
    file = ProjectFile()
    for copy in (COPY, OTHER_COPY):
        file.tell(committed("c1", "a.py", "b.py"), copy=copy)
    found = await _around(file, "file", "a.py")
    assert sorted((r.verb, r.weight) for r in found.relations) == [
        ("changed", 1),
        ("changed_with", 1),
    ]


async def test_a_session_holds_its_commands_and_the_commits_made_in_it() -> None:
    file = ProjectFile()
    first = file.tell(ran("make"), at_ms=0)
    second = file.tell(failed("pytest", fingerprint="f" * 32), at_ms=MINUTE_MS)
    file.tell(committed("c1", "a.py"), at_ms=2 * MINUTE_MS)
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert set(_said(await _around(file, "session", first.id))) == {
        (first.id, "in_session", first.id),
        (second.id, "in_session", first.id),
        ("c1", "in_session", first.id),
    }
    assert _said(await _around(file, "failure", "f" * 32)) == [("f" * 32, "failed_in", second.id)]
    nodes: list[Node] = [("session", first.id), ("event", first.id), ("commit", "c1")]
    assert labels.in_project(file.db, nodes) == dict(
        zip(nodes, ["2 commands", "make", "change c1"], strict=True)
    )


async def test_hops_are_counted_from_the_nearest_way_and_a_cycle_ends() -> None:
    file = ProjectFile()
    _save(file, "a.py", "import b\n")
    _save(file, "b.py", "import c\n")
    _save(file, "c.py", "import a\nimport d\n")
    _save(file, "d.py", "x = 1\n")
    found = await _around(file, "file", "a.py", "imports", hops=4)
    hops = {r.source.id: r.source.hops for r in found.relations}
    hops |= {r.target.id: r.target.hops for r in found.relations}
    assert hops == {"a.py": 0, "b.py": 1, "c.py": 1, "d.py": 2}
    assert len(found.relations) == 4
    assert found.complete


async def test_a_limit_keeps_the_nearest_and_says_that_there_is_more() -> None:
    file = ProjectFile()
    for n in range(10):
        file.tell(committed(f"c{n}", "a.py", f"b{n}.py"))
    found = await _around(file, "file", "a.py", "changed", hops=3, limit=10)
    assert not found.complete
    assert len(found.relations) == 10
    assert all(r.target.id == "a.py" for r in found.relations)
    assert (await _around(file, "file", "a.py", "changed", limit=10)).complete


async def test_remedies_join_failures_and_the_files_that_they_touched() -> None:
    memory = apsw.Connection(":memory:")
    memory.execute(FailureMemory.schema)
    for lsn in (1, 2):
        columns = (lsn, "0" * 32, PROJECT, "thing", COPY, lsn, 1, "pytest", "/", lsn == 2)
        memory.execute(
            f"INSERT INTO runs VALUES ({','.join('?' * 28)})",
            (*columns, *[""] * 8, 1, 0, 1, 0, 0, 0, 0, "", "", 0),
        )
    memory.execute(
        "INSERT INTO remedies VALUES ('r1',1,?,?,'','observed','code','it changed',1,2,NULL)",
        (PROJECT, "f" * 32),
    )
    memory.execute("INSERT INTO remedy_paths VALUES ('r1','a.py',1,'','','','','')")
    file = ProjectFile()
    file.tell(failed(fingerprint="f" * 32))
    found = await _around(file, "failure", "f" * 32, hops=2, memory=memory)
    assert ("f" * 32, "fixed_by", "r1") in _said(found)
    assert ("r1", "touched", "a.py") in _said(found)
    back = await _around(file, "file", "a.py", hops=2, memory=memory)
    assert set(_said(back)) >= {("r1", "touched", "a.py"), ("f" * 32, "fixed_by", "r1")}
    assert labels.in_memory(memory, [("remedy", "r1")]) == {
        ("remedy", "r1"): "observed: it changed"
    }


@pytest.mark.parametrize("verb", sorted(_ALL))
async def test_every_verb_can_be_asked_for_alone(verb: Verb) -> None:
    file = ProjectFile()
    _save(file, "a.py", "import b\ndef f():\n    pass\n")
    file.tell(committed("c1", "a.py", "b.py"))
    file.tell(failed())
    found = await _around(file, "file", "a.py", verb, hops=4)
    assert {r.verb for r in found.relations} <= {verb}


async def test_what_a_forgotten_event_bore_out_goes_and_what_another_bears_out_stays() -> None:
    file = ProjectFile()
    file.tell(committed("c1", "a.py", "b.py", subject="secret"))
    file.tell(committed("c1", "a.py", "b.py", subject="secret"), copy=OTHER_COPY)
    file.tell(committed("c2", "a.py", "c.py"))
    with file.db:
        history.remove(file.db, [1, 3])
        relations.forget(file.db, [1, 3])
    assert set(_said(await _around(file, "file", "a.py"))) == {
        ("c1", "changed", "a.py"),
        ("a.py", "changed_with", "b.py"),
    }
    with file.db:
        relations.forget(file.db, [2])
    assert file.db.execute("SELECT count(*) FROM things").get == 0
    assert file.db.execute("SELECT count(*) FROM edges").get == 0
