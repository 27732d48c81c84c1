"""What a command cannot do in the sandbox: each is tried by a real program."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
import tempfile
import venv
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from developer_node.proof import running
from developer_node.proof.bubblewrap import Bubblewrap
from developer_node.proof.hindrance import Hindrance
from developer_node.proof.namespaces import Namespaces
from developer_node.proof.running import Ran, run
from developer_node.proof.runtimes import runtimes
from developer_node.proof.sandbox import Plan, Sandbox, check_root, choose
from developer_node.proof.seatbelt import Seatbelt, profile
from tests.support.proofs import until_begun


@pytest.fixture(params=[Bubblewrap(), Namespaces()], ids=["bubblewrap", "namespaces"])
def shut(request: pytest.FixtureRequest) -> Sandbox:
    """One suite for each: a fallback is never the weaker one."""
    made: Sandbox = request.param
    if reason := made.missing():
        pytest.skip(reason)
    return made


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """The person's files say "theirs", the rebuilt ones "rebuilt"."""
    for name in ("tree", "root", "tmp", "hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "tree" / "file").write_text("rebuilt\n")
    (tmp_path / "root" / "file").write_text("theirs\n")
    (tmp_path / "root" / ".venv").mkdir()
    (tmp_path / "root" / ".venv" / "library").write_text("library\n")
    (tmp_path / "hidden" / "key").write_text("the key\n")
    root = tmp_path / "root"
    environment = {"PATH": os.environ["PATH"], "HOME": "/tmp/home"}
    own = runtimes({"VIRTUAL_ENV": sys.prefix}, root)  # the tests' own Python may lie in /tmp
    shown, hidden = (root / ".venv", *own), (tmp_path / "hidden",)
    return Plan(tmp_path / "tree", root, root, tmp_path / "tmp", shown, hidden, environment)


async def tell(shut: Sandbox, plan: Plan, script: str, timeout_s: float = 60) -> Ran:
    return await run(shut.wrap(plan, ["/bin/sh", "-c", script]), timeout_s=timeout_s)


async def test_the_rebuilt_tree_stands_where_the_persons_files_are(
    shut: Sandbox, plan: Plan
) -> None:
    ran = await tell(shut, plan, f"pwd; cat {plan.root}/file; echo changed > file; cat file")
    assert ran.output.text == f"{plan.root}\nrebuilt\nchanged\n"
    assert (plan.root / "file").read_text() == "theirs\n"


async def test_what_is_shown_can_be_read_and_not_written(shut: Sandbox, plan: Plan) -> None:
    ran = await tell(shut, plan, "cat .venv/library; echo x > .venv/library; echo x > .venv/new")
    assert ran.output.text.startswith("library\n")
    assert ran.exit_code != 0
    assert (plan.root / ".venv" / "library").read_text() == "library\n"
    assert not (plan.root / ".venv" / "new").exists()


@pytest.mark.parametrize("place", ["/etc", "/usr", "/var/lib", os.path.dirname(__file__)])
async def test_nothing_can_be_written_elsewhere(shut: Sandbox, plan: Plan, place: str) -> None:
    ran = await tell(shut, plan, f"echo x > {place}/postdevai-was-here")
    assert ran.exit_code != 0
    assert "postdevai-was-here" not in os.listdir(place)


async def test_home_other_temporary_files_and_the_memory_are_not_seen(
    shut: Sandbox, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HOME is one outside /tmp here, so that it has to be hidden for its own sake."""
    home = Path(__file__).parent
    monkeypatch.setenv("HOME", str(home))
    ran = await tell(shut, plan, f"ls -A {home} {plan.hidden[0]} {plan.hidden[0].parent} /run")
    assert Path(__file__).name not in ran.output.text
    assert "key" not in ran.output.text.split()
    assert "tree" not in ran.output.text.split()


async def test_there_is_no_network(shut: Sandbox, plan: Plan) -> None:
    """Not even this machine's own; the control case is that the same connection works outside."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        asks = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5); print('in')"
        outside = await run([sys.executable, "-c", asks], timeout_s=60)
        inside = await run(shut.wrap(plan, [sys.executable, "-c", asks]), timeout_s=60)
    assert (outside.exit_code, outside.output.text) == (0, "in\n")
    assert inside.exit_code == 1
    assert re.search(r"Connection refused|unreachable", inside.output.text)


async def test_a_daemons_socket_is_out_of_reach(shut: Sandbox, plan: Plan) -> None:
    """Without a network, a socket of another daemon would be the way out: docker's is one."""
    with tempfile.TemporaryDirectory(dir="/tmp") as place, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{place}/daemon")
        server.listen()
        asks = f"import socket; socket.socket(socket.AF_UNIX).connect('{place}/daemon')"
        outside = await run([sys.executable, "-c", asks], timeout_s=60)
        inside = await run(shut.wrap(plan, [sys.executable, "-c", asks]), timeout_s=60)
    assert outside.exit_code == 0
    assert "FileNotFoundError" in inside.output.text


async def test_only_the_named_variables_are_there(
    shut: Sandbox, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the daemon")
    assert "of the daemon" not in (await tell(shut, plan, "env")).output.text


async def test_the_exit_code_is_the_commands(shut: Sandbox, plan: Plan) -> None:
    assert (await tell(shut, plan, "exit 7")).exit_code == 7


async def test_a_run_without_end_is_ended_with_all_its_processes(shut: Sandbox, plan: Plan) -> None:
    mark = f"4712.{os.getpid()}"  # the same test of the other sandbox may run beside this one
    ran = await tell(shut, plan, f"setsid sleep {mark} & echo begun; sleep {mark}", timeout_s=1)
    assert (ran.stopped, ran.output.text) == ("it took more than 1 s", "begun\n")
    assert _running(mark) == []


async def test_a_run_that_takes_too_much_memory_is_ended(
    shut: Sandbox, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "MEMORY_BYTES_MAX", 64 << 20)
    eats = "import time; a = bytearray(200 << 20); time.sleep(4711)"
    ran = await run(shut.wrap(plan, [sys.executable, "-c", eats]), timeout_s=60)
    assert ran.stopped.startswith("it took more than")
    assert "memory" in ran.stopped


HOLDS = "exec 3> held; echo begun >&3; setsid sleep 4711 & sleep 4711"
"""Every process of it holds the FIFO open: its reader sees the end when the last has gone."""


async def test_cancelled_it_leaves_no_process(shut: Sandbox, plan: Plan) -> None:
    task = asyncio.create_task(tell(shut, plan, HOLDS))
    async with until_begun(plan.tree / "held") as held:
        task.cancel()
        assert await held.read() == b""
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_killed_daemon_leaves_no_process(shut: Sandbox, plan: Plan) -> None:
    script = f"import subprocess; subprocess.run({shut.wrap(plan, ['/bin/sh', '-c', HOLDS])!r})"
    daemon = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
    async with until_begun(plan.tree / "held") as held:
        daemon.send_signal(signal.SIGKILL)
        assert await held.read() == b""
    await daemon.wait()


async def test_output_without_end_keeps_head_and_tail(shut: Sandbox, plan: Plan) -> None:
    ran = await tell(shut, plan, "echo first; yes 0123456 | head -c 8000000; echo last")
    kept = ran.output
    assert kept.text.startswith("first\n")
    assert kept.text.endswith("last\n")
    assert kept.bytes_total == 8_000_011
    assert kept.bytes_dropped == kept.bytes_total - (128 << 10) - (384 << 10)
    assert f"[{kept.bytes_dropped} bytes left out]" in kept.text


def test_where_no_sandbox_can_be_made_it_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Hindrance, match=r"no sandbox .*: bubblewrap \(bwrap\) is not installed"):
        choose((Bubblewrap("no-such-bwrap"),))
    with pytest.raises(Hindrance, match=r"bubblewrap .* does not work: exit 1"):
        choose((Bubblewrap("false"),))


def test_a_working_copy_that_holds_home_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "me").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    with pytest.raises(Hindrance, match="holds your HOME"):
        check_root(tmp_path)
    check_root(tmp_path / "me" / "project")


def test_the_profile_of_macos_denies_before_it_allows(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written from the documents: no Mac has run it."""
    monkeypatch.setenv("HOME", str(plan.root))
    lines = profile(plan).splitlines()
    assert lines[:4] == ["(version 1)", "(allow default)", "(deny network*)", "(deny file-write*)"]
    assert f'(allow file-write* (subpath "{plan.tree}") (subpath "{plan.tmp}"))' in lines
    assert lines.index(f'(deny file-read-data (subpath "{plan.root}"))') < len(lines) - 1
    assert f'(subpath "{plan.root}/.venv")' in lines[-1]


def test_on_macos_what_is_shown_is_linked_into_the_tree(plan: Plan) -> None:
    Seatbelt().arrange(plan)
    assert (plan.tree / ".venv" / "library").read_text() == "library\n"
    assert Seatbelt().root(plan) == plan.tree


def _running(mark: str) -> list[int]:
    return [p.pid for p in psutil.process_iter(["cmdline"]) if mark in (p.info["cmdline"] or ())]


async def test_a_virtual_environment_that_lies_elsewhere_is_the_one_that_runs(
    shut: Sandbox, plan: Plan, tmp_path: Path
) -> None:
    """Below /tmp or HOME it would be hidden, and another Python on PATH would be tried."""
    place = tmp_path / "elsewhere" / "venv"
    await asyncio.to_thread(venv.create, place, symlinks=True)
    path = {"PATH": f"{place / 'bin'}:{os.environ['PATH']}"}
    asks = "import sys; print(sys.prefix); open(sys.prefix + '/x', 'w')"
    argv = ["/usr/bin/env", "python", "-c", asks]
    blind = replace(plan, environment=path)
    seeing = replace(blind, shown=(*plan.shown, *runtimes(path, plan.root)))
    assert str(place) not in (await run(shut.wrap(blind, argv), timeout_s=60)).output.text
    ran = await run(shut.wrap(seeing, argv), timeout_s=60)
    assert f"{place}\n" in ran.output.text
    assert "Read-only file system" in ran.output.text
