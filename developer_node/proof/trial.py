"""Runs the failing command on a copy of a tree, in the sandbox, and interprets what it printed."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from common.model.event import CommandFinished, Output
from developer_node.proof import judging, witness
from developer_node.proof.judging import Tried
from developer_node.proof.running import run
from developer_node.proof.runtimes import runtimes
from developer_node.proof.sandbox import Plan, Sandbox
from developer_node.proof.surroundings import Surroundings

OFFLINE = {
    "UV_OFFLINE": "1",
    "UV_NO_SYNC": "1",
    "PIP_NO_INDEX": "1",
    "CARGO_NET_OFFLINE": "true",
    "NPM_CONFIG_OFFLINE": "true",
}
"""Tools that would ask the network first give up at once instead."""
_SHELLS = ("/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash")


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that all runs of a proof have in common."""

    directory: Path
    """Of the proof; each run makes one of its own below."""
    root: Path
    cwd: Path
    command: str
    surroundings: Surroundings
    shown: tuple[Path, ...]
    hidden: tuple[Path, ...]
    sandbox: Sandbox
    timeout_s: float
    interpret: Callable[[CommandFinished, str], CommandFinished]
    redact: Callable[[str], str]

    async def once(self, files: Path, name: str) -> Tried:
        """One run on a fresh copy of `files`; nothing of it stays but what it says."""
        place = self.directory / name
        try:
            plan = await asyncio.to_thread(self._prepare, files, place)
            ran = await run(self.sandbox.wrap(plan, _shell(self.command)), timeout_s=self.timeout_s)
            told = await asyncio.to_thread(witness.read, plan.tmp, self.sandbox.root(plan))
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, place, ignore_errors=True))
        seen_root = os.fspath(self.sandbox.root(plan))
        output = replace(ran.output, text=self.redact(ran.output.text))
        finished = CommandFinished(
            command=self.command,
            cwd=os.fspath(self._cwd_seen(plan)),
            exit_codes=(ran.exit_code,),
            duration_ms=round(ran.seconds * 1000),
            output=output,
        )
        finished = await asyncio.to_thread(self.interpret, finished, seen_root)
        return Tried(judging.with_tests(finished, told), told, seen_root, ran.stopped)

    def _prepare(self, files: Path, place: Path) -> Plan:
        tmp = place / "tmp"
        (tmp / "home").mkdir(parents=True)
        shutil.copytree(files, place / "files", symlinks=True)
        witness.place(tmp)
        given = self.surroundings.variables
        seen = (*self.shown, *runtimes(given, self.root))
        plan = Plan(place / "files", self.root, self.cwd, tmp, seen, self.hidden)
        plan.tree.joinpath(self.cwd.relative_to(self.root)).mkdir(parents=True, exist_ok=True)
        self.sandbox.arrange(plan)
        tmp_seen = self.sandbox.tmp(plan)
        own = {"HOME": os.fspath(self.sandbox.home(plan)), "TMPDIR": os.fspath(tmp_seen)}
        own |= {"TERM": "dumb", "PWD": os.fspath(self._cwd_seen(plan))} | OFFLINE
        return replace(plan, environment=given | own | witness.variables(tmp_seen, given))

    def _cwd_seen(self, plan: Plan) -> Path:
        return self.sandbox.root(plan) / self.cwd.relative_to(self.root)


def kept_output(runs: Sequence[tuple[str, Tried]], bytes_max: int) -> Output:
    """What all runs printed, each under a line that says which it was, within a limit."""
    share = bytes_max // max(1, len(runs))
    parts: list[str] = []
    total = dropped = 0
    for title, tried in runs:
        printed = tried.command.output
        text, cut = _short(printed.text, share)
        parts.append(f"== {title}: exit {tried.command.exit_codes[-1]} ==\n{text}")
        total += printed.bytes_total
        dropped += printed.bytes_dropped + cut
    return Output("\n".join(parts), total, dropped)


def _short(text: str, share: int) -> tuple[str, int]:
    data = text.encode("utf-8", "replace")
    if len(data) <= share:
        return text, 0
    head, tail = data[: share // 4], data[-(share - share // 4) :]
    cut = len(data) - share
    kept = (part.decode("utf-8", "ignore") for part in (head, tail))
    return f"\n[{cut} bytes left out]\n".join(kept), cut


def _shell(command: str) -> list[str]:
    """As it was typed; with bash a pipeline fails when any part of it does, as it was recorded."""
    for bash in _SHELLS:
        if os.path.exists(bash):
            return [bash, "-o", "pipefail", "-c", command]
    return ["/bin/sh", "-c", command]
