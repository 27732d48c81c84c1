"""How `up` waits: patient with a node that says no once, not with one that never says yes."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest

from common.daemon.home import Home
from common.errors import Denied, PostDevAIError, Unavailable
from common.model.lake import LakeStats
from common.model.laptop import LaptopStatus
from developer_node.front.output_page import Page
from developer_node.front.up import supervisor
from developer_node.front.up.supervisor import Supervisor

SERVING = LaptopStatus(lake=LakeStats(1, 2, True, "tmpfs", "/lake", 3, 4))


class Client:
    """Says these things one after the other, the last for ever."""

    def __init__(self, *said: LaptopStatus | PostDevAIError) -> None:
        self.said = list(said)

    async def status(self) -> LaptopStatus:
        now = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if isinstance(now, PostDevAIError):
            raise now
        return now


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    """Without daemons of its own; turns take no time."""
    monkeypatch.setattr(supervisor, "POLL_STATUS_S", 0)
    made = Supervisor(Home(tmp_path), Page(io.StringIO()))
    made._roles = ()
    return made


async def test_a_node_that_is_busy_once_is_asked_again(waiting: Supervisor) -> None:
    await waiting._until(Client(Unavailable("no answer in time"), SERVING), "ready", [])


async def test_nodes_that_never_find_each_other_end_the_wait_with_the_reason(
    waiting: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "READY_S", -1)
    with pytest.raises(Unavailable, match="nobody answers") as given_up:
        await waiting._until(Client(LaptopStatus(dragon_unavailable="nobody answers")), "ready", [])
    assert "postdevai status" in given_up.value.hint


async def test_a_refusal_is_not_waited_out(waiting: Supervisor) -> None:
    with pytest.raises(Denied):
        await waiting._until(Client(Denied("the wrong token"), SERVING), "ready", [])


@pytest.mark.parametrize(("code", "how"), [(1, "with exit code 1"), (-9, "by signal 9")])
async def test_screens_that_end_by_themselves_are_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, how: str
) -> None:
    """Their traceback stands above, and the nodes go on."""
    end = f"exit {code}" if code > 0 else f"kill {code} $$"
    program = tmp_path / "screens"
    program.write_text(f"#!/bin/sh\n{end}\n")
    program.chmod(0o700)
    monkeypatch.setattr(supervisor.sys, "executable", str(program))
    said = io.StringIO()
    await Supervisor(Home(tmp_path), Page(said))._with_tui(asyncio.Event(), here=False)
    assert how in said.getvalue() and "postdevai tui" in said.getvalue()
