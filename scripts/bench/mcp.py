"""What an agent waits for: from the start of `postdevai mcp` to the first answer, and after."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from scripts.bench.report import Figure, median, quantile
from scripts.bench.stage import ROOT, mesh
from tests.support.mesh import Mesh
from tests.support.repository import Repository

STARTS = 10
CALLS = 200
HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "bench", "version": "1"},
}


class Agent:
    """Speaks the protocol by hand, so that no client's own start is counted."""

    def __init__(self, made: Mesh) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "developer_node.front.cli", "mcp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=made.env,
            cwd=ROOT,
        )
        assert self._process.stdin and self._process.stdout
        self._said: IO[bytes] = self._process.stdin
        self._heard: IO[bytes] = self._process.stdout
        self._asked = 0

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """A request's result."""
        self._asked += 1
        self._say({"id": self._asked, "method": method, "params": params})
        while True:
            heard = json.loads(self._heard.readline())
            if heard.get("id") == self._asked:
                return heard["result"]

    def greet(self) -> None:
        """The handshake."""
        self.ask("initialize", HELLO)
        self._say({"method": "notifications/initialized"})

    def call(self, name: str, **given: Any) -> None:
        """A tool; an error is none of the times that are wanted."""
        result = self.ask("tools/call", {"name": name, "arguments": given})
        assert not result.get("isError"), result

    def close(self) -> None:
        """Ends it as an agent does."""
        self._said.close()
        self._process.wait()
        self._heard.close()

    def _say(self, message: dict[str, Any]) -> None:
        self._said.write(json.dumps({"jsonrpc": "2.0"} | message).encode() + b"\n")
        self._said.flush()


def measure() -> list[Figure]:
    """Starts one after the other, with the bare library beside them; then calls to one server."""
    with mesh() as made, TemporaryDirectory(prefix="postdevai-bench-mcp-") as scratch:
        repository = Repository.make(Path(scratch) / "thing")
        made.up(repository.root)
        greeted: list[float] = []
        answered: list[float] = []
        bare: list[float] = []
        for _ in range(STARTS + 1):
            bare.append(_bare())
            begin = time.perf_counter()
            with _agent(made) as agent:
                agent.greet()
                greeted.append(time.perf_counter() - begin)
                agent.call("freshness")
                answered.append(time.perf_counter() - begin)
        with _agent(made) as agent:
            agent.greet()
            known = _times(agent, "freshness")
            seen = _times(agent, "seen_before", text="KeyError: 'region'")
    again = f"{STARTS} starts, the first thrown away, median"
    return [
        Figure("start to the handshake", _ms(median(greeted[1:])), "", again),
        Figure("start to the first answer", _ms(median(answered[1:])), "", f"freshness; {again}"),
        Figure("`import mcp.server` alone", _ms(median(bare[1:])), "", "a bare interpreter"),
        Figure("freshness, server up", _ms(quantile(known, 0.95)), "", f"p95 of {CALLS}"),
        Figure("seen_before, server up", _ms(quantile(seen, 0.95)), "", f"p95 of {CALLS}"),
    ]


@contextmanager
def _agent(made: Mesh) -> Generator[Agent]:
    agent = Agent(made)
    try:
        yield agent
    finally:
        agent.close()


def _bare() -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import mcp.server.lowlevel"], check=True)
    return time.perf_counter() - begin


def _times(agent: Agent, name: str, **given: Any) -> Sequence[float]:
    times: list[float] = []
    for _ in range(CALLS):
        begin = time.perf_counter()
        agent.call(name, **given)
        times.append(time.perf_counter() - begin)
    return times


def _ms(seconds: float) -> str:
    return f"{seconds * 1_000:.0f} ms"
