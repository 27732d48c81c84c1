"""`settings`, `pins`, `notes`, `sync` as processes, against a replica behind a real socket."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from common.clients.sync import Exchanged
from common.clock import SystemClock
from common.daemon.files import write_private
from common.daemon.home import Home, Ready
from common.daemon.locks import only_instance
from common.errors import Unavailable
from common.model.ids import NodeId
from common.model.shared import Delta, Dot, Entry, Name, SharedSession, Written
from common.rpc.server import open_local_server
from common.shared.stamps import stamp_at
from developer_node.front.cli import notes
from developer_node.service_shared import SharedDoor
from developer_node.shared.replica import Replica
from tests.support.repository import Repository
from tests.support.typed import Terminal

P = "github.com/ada/thing"
ME, DESK = NodeId("a" * 16), NodeId("b" * 16)
TOKEN = "a-token-of-this-start"
WHY = "the Coordinator cannot be reached; what is edited waits here"


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    repository = Repository.make(tmp_path / "thing")
    repository.git("remote", "add", "origin", "git@github.com:ada/thing.git")
    return Terminal(tmp_path / "home", repository.root)


@pytest.fixture
async def replica(terminal: Terminal) -> AsyncGenerator[Replica]:
    """A laptop's daemon, as far as it shares."""
    home = Home.from_env(str(terminal.home))
    directory, socket = home.directory("developer"), home.runtime_directory() / "developer.sock"
    write_private(directory / "token", TOKEN.encode())
    session = SharedSession(P, 1, 1, DESK, "desk", 1, "main", ("a.py",))
    with only_instance(home.lock_path("developer"), "developer"):
        async with Replica.open(directory / "shared.db", ME, SystemClock(), "sofa") as replica:
            door = SharedDoor(replica, lambda: WHY, lambda: (session,))
            server = await open_local_server(socket, TOKEN, door.add)
            extra = {"socket": str(socket), "token_file": str(directory / "token")}
            home.write_ready(Ready("developer", os.getpid(), str(socket), 1, "0.1.0", extra))
            try:
                yield replica
            finally:
                await server.stop(0)


async def heard_from_desk(replica: Replica, name: Name, value: bytes | None) -> None:
    """Another laptop wrote this an hour ago and knew nothing of what was written here."""
    dot = Dot(stamp_at(SystemClock().now_ms() - 3_600_000), DESK)
    entry = Entry(name, (Written(dot, value),), {DESK: dot.stamp})
    machine = Dot(dot.stamp - 1, DESK)
    named = Entry(Name("replica", "", DESK), (Written(machine, b"desk"),), {DESK: machine.stamp})
    delta = Delta((named, entry), {}, {DESK: dot.stamp})
    await replica.take(Exchanged(delta, {}, False, True, False, b""))


async def test_a_setting_is_of_the_repository_here_and_waits(
    terminal: Terminal, replica: Replica
) -> None:
    done = await terminal.type("settings", "set", "autonomy", "pair-programmer")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"autonomy  pair programmer  {P}, sofa ")
    assert done.out.endswith(", waits here\n")
    assert replica.value("setting", P, "autonomy") == "pair programmer"
    gone = await terminal.type("settings", "unset", "autonomy")
    assert (gone.code, gone.out) == (0, "autonomy is not set any more; it was pair programmer.\n")
    assert (await terminal.type("settings")).code == 1


async def test_a_value_that_lost_is_shown_with_who_and_when(
    terminal: Terminal, replica: Replica
) -> None:
    await replica.put("setting", P, "autonomy", "observer")
    await heard_from_desk(replica, Name("setting", P, "autonomy"), b"assistant")
    listed = await terminal.type("settings", "list")
    assert listed.out.splitlines()[1] == "  lost: assistant, desk 1 hour ago"
    (item,) = (await terminal.type("settings", "--json")).json["settings"]
    assert [(each["value"], each["who"]) for each in item["lost"]] == [("assistant", "desk")]
    status = await terminal.type("sync")
    assert f"Lost            setting autonomy  {P}, sofa" in status.out


async def test_what_holds_everywhere_is_told_where_the_project_says_nothing(
    terminal: Terminal, replica: Replica
) -> None:
    await replica.put("setting", "", "answers.note", "for all")
    done = await terminal.type("settings", "get", "answers.note", "--json")
    assert (done.json["value"], done.json["project"]) == ("for all", None)
    missing = await terminal.type("settings", "get", "autonomy")
    assert (missing.code, missing.err) == (1, "There is no setting autonomy\n")


@pytest.mark.parametrize("words", [("set", "nosuch", "1"), ("get", "nosuch"), ("unset", "nosuch")])
async def test_a_setting_that_there_is_not_is_refused_outside_a_project_too(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    refused = await Terminal(tmp_path / "home", tmp_path).type("settings", *words)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("There is no setting 'nosuch'\n  Known: autonomy")


async def test_a_pin_is_named_from_the_top_of_the_repository(
    terminal: Terminal, replica: Replica
) -> None:
    below = terminal.cwd / "src"
    below.mkdir()
    typed = Terminal(terminal.home, below)
    assert (await typed.type("pins", "add", "cart.py")).out == f"Pinned: src/cart.py of {P}.\n"
    assert [each.key for each in replica.items("pin", P)] == ["src/cart.py"]
    outside = await typed.type("pins", "add", "/etc/hosts")
    assert (outside.code, outside.err) == (
        2,
        "/etc/hosts does not lie in the repository here.\n",
    )
    assert (await typed.type("pins", "rm", "cart.py")).code == 0
    assert replica.items("pin", P) == []


async def test_a_note_is_added_read_changed_and_removed(
    terminal: Terminal, replica: Replica
) -> None:
    kept = await terminal.type("notes", "add", "-", stdin=b"first\nsecond\n")
    key = kept.out.split()[1]
    assert kept.out == f"Kept: {key}  first\n"
    assert (await terminal.type("notes", "show", key[:5])).out == "first\nsecond\n"
    same = await terminal.type("notes", "edit", key, "--text", "-", stdin=b"first\nsecond\n")
    assert (same.code, same.err) == (1, "Nothing was changed.\n")
    changed = await terminal.type("notes", "edit", key, "--text", "other")
    assert changed.out == f"Changed: {key}  other\n"
    blind = await terminal.type("notes", "edit", key)
    assert (blind.code, "no terminal" in blind.err) == (2, True)
    assert (await terminal.type("notes", "rm", key)).out == f"Removed: {key}  other\n"
    assert (await terminal.type("notes")).code == 1
    assert replica.state.count("note") == 0


async def test_an_edit_that_lost_against_a_removal_can_be_brought_back(
    terminal: Terminal, replica: Replica
) -> None:
    note = await replica.put("note", P, "", "text")
    entry = replica.state.entries[Name("note", P, note.key)]
    await replica.remove("note", "", note.key)
    await heard_from_desk(replica, entry.name, b"1")
    listed = (await terminal.type("notes")).out.splitlines()
    assert "removed: " in listed[0]
    assert listed[1].startswith("  lost: an edit; bring it back with: postdevai notes edit")


async def test_sync_says_what_waits_and_why_and_who_works_where(
    terminal: Terminal, replica: Replica
) -> None:
    await replica.put("pin", P, "a.py", "")
    said = (await terminal.type("sync", "status")).out
    assert "Waiting here    1 edit\nLast exchange   never\n" in said
    assert f"Not now         {WHY}\n" in said
    assert f"Worked on       {P} on main, a.py  desk " in said
    data = (await terminal.type("sync", "--json")).json
    assert (data["waiting"], data["sentence"], data["machine"]) == (1, WHY, "sofa")


async def test_outside_any_repository_the_project_is_asked_for(
    terminal: Terminal, replica: Replica, tmp_path: Path
) -> None:
    outside = Terminal(terminal.home, tmp_path)
    done = await outside.type("notes", "add", "text")
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("  Add --project NAME, or --everywhere.\n")
    assert (await outside.type("notes", "add", "text", "--project", "mine")).code == 0
    assert [each.scope for each in replica.items("note", every=True)] == ["mine"]


def test_an_editor_gets_the_text_and_gives_it_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import sys; p = sys.argv[1]; t = open(p).read(); open(p, 'w').write(t.upper())"
    )
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    assert notes._edited("some text\n") == "SOME TEXT\n"
    monkeypatch.setenv("EDITOR", "false")
    with pytest.raises(Unavailable, match="nothing was changed"):
        notes._edited("some text\n")
