"""Who names no remedy means the last failure of the project one stands in, and is told which."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from common.model.event import CommandFinished, Event
from common.model.failure import Failure, Recollection, Remedy
from common.model.ids import EventId, Fingerprint, WorkingCopyId
from common.model.lake import HistoryEntry, HistoryPage, HistoryQuery
from developer_node.front.cli.named_none import best_of_last
from developer_node.front.local_client import LocalClient
from tests.support.repository import Repository

HERE, OTHER = Fingerprint("1" * 16), Fingerprint("2" * 16)


def failure(fingerprint: Fingerprint) -> Failure:
    said = f"it said {fingerprint}"
    return Failure("pytest", "E", "test", said, said, test="t.py::t", fingerprint=fingerprint)


class Lake:
    """Knows a failure of one working copy, and that another project failed later."""

    def __init__(self, root: Path | None) -> None:
        self._root = root

    async def history(self, query: HistoryQuery) -> HistoryPage:
        """Newest first; a passing run is the newest here."""
        if self._root is None or query.working_copy != str(self._root):
            return HistoryPage(())
        bodies = [
            CommandFinished("pytest", query.working_copy, (1,), 1, failures=failures)
            for failures in ((), (failure(HERE),))
        ]
        events = [Event(EventId("e"), 1, WorkingCopyId(""), body) for body in bodies]
        return HistoryPage(tuple(HistoryEntry(9 - n, each, "p") for n, each in enumerate(events)))

    async def recall(self, *, last: bool = False, fingerprint: str = "") -> Recollection:
        """Each has a remedy."""
        found = failure(OTHER) if last else failure(Fingerprint(fingerprint))
        remedy = Remedy(f"r{found.fingerprint}", "observed", "code", label="a1b2c3d adds")
        return Recollection("same", found, (), (remedy,))


async def chosen(root: Path | None) -> tuple[str, str]:
    return await best_of_last(cast(LocalClient, Lake(root)))


async def test_the_last_failure_is_that_of_the_project_one_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository.make(tmp_path / "thing")
    (repository.root / "sub").mkdir()
    monkeypatch.chdir(repository.root / "sub")
    remedy, sentence = await chosen(repository.root)
    assert remedy == f"r{HERE}"
    assert "a1b2c3d adds" in sentence
    assert f"here: t.py::t: it said {HERE}" in sentence


async def test_where_nothing_failed_the_last_one_anywhere_is_taken_and_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository.make(tmp_path / "thing")
    for place in (repository.root, tmp_path):
        monkeypatch.chdir(place)
        remedy, sentence = await chosen(None)
        assert remedy == f"r{OTHER}"
        assert f"anywhere, as none is known here: t.py::t: it said {OTHER}" in sentence
