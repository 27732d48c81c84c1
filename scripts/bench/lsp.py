"""What an editor waits for: from the start of `postdevai lsp` to a failure at its line."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scripts.bench.report import Figure, median, quantile
from scripts.bench.stage import ROOT, mesh
from tests.support.mesh import Mesh
from tests.support.repository import Repository
from tests.support.runs import BREAK, MEND, break_and_mend, fail, succeed

STARTS = 10
ROUNDS = 5
KEYS = 200
LINES = 5_000
"""Of the file that is typed into."""

Message = dict[str, Any]


class Editor:
    """Speaks the protocol by hand, so that no client's own start is counted."""

    def __init__(self, made: Mesh) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "developer_node.front.cli", "lsp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=made.env,
            cwd=ROOT,
        )
        self._asked = 0

    def greet(self) -> None:
        """The handshake."""
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        self.say("initialized", {})

    def ask(self, method: str, params: Any) -> Any:
        """A request's result."""
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": params})
        return self._hear(lambda heard: heard.get("id") == self._asked)["result"]

    def say(self, method: str, params: Any) -> None:
        """A notification."""
        self._send({"method": method, "params": params})

    def open(self, path: Path, text: str) -> None:
        """A file is open from now on."""
        item = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": text}
        self.say("textDocument/didOpen", {"textDocument": item})

    def put_in(self, path: Path, version: int, text: str) -> None:
        """At the top of the file."""
        top = {"line": 0, "character": 0}
        change = {"range": {"start": top, "end": top}, "text": text}
        named = {"uri": path.as_uri(), "version": version}
        self.say("textDocument/didChange", {"textDocument": named, "contentChanges": [change]})

    def shown(self, until: Callable[[list[Message]], object]) -> list[Message]:
        """What is shown once it is as it is to be."""
        found = self._hear(
            lambda heard: (
                heard.get("method") == "textDocument/publishDiagnostics"
                and until(heard["params"]["diagnostics"])
            )
        )
        return found["params"]["diagnostics"]

    def close(self) -> None:
        """Ends it as an editor does."""
        self.ask("shutdown", None)
        self.say("exit", None)
        self._process.communicate()

    def _send(self, message: Message) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        body = json.dumps({"jsonrpc": "2.0"} | message).encode()
        stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        stdin.flush()

    def _hear(self, wanted: Callable[[Message], object]) -> Message:
        stdout = self._process.stdout
        assert stdout is not None
        while True:
            length = 0
            while (line := stdout.readline()) != b"\r\n":
                assert line, "the server has ended"
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            heard = json.loads(stdout.read(length))
            if wanted(heard):
                return heard


def measure() -> list[Figure]:
    """Starts one after the other, then runs of a test that fails and passes, then keys."""
    with mesh() as made, TemporaryDirectory(prefix="postdevai-bench-lsp-") as scratch:
        repository = Repository.make(Path(scratch) / "thing")
        filler = "".join(f"def unused_{n}():\n    return {n}\n\n\n" for n in range(LINES // 4))
        repository.write("calculator.py", (repository.root / "calculator.py").read_text() + filler)
        repository.commit("a long file")
        made.up(repository.root)
        commit = break_and_mend(made, repository)
        made.recall_until_remedy(commit)
        repository.replace("calculator.py", *BREAK)
        fail(made, repository)
        file = repository.root / "calculator.py"
        greeted, first, bare = _starts(made, file, commit)
        with _editor(made) as editor:
            editor.greet()
            editor.open(file, file.read_text())
            editor.shown(_says(commit))
            keys = _keys(editor, file)
        arrived = _rounds(made, repository, commit)
    again = f"{STARTS} starts, the first thrown away, median"
    return [
        Figure("start to the handshake", _ms(median(greeted[1:])), "", again),
        Figure("start to the failure at its line", _ms(median(first[1:])), "", again),
        Figure("`import pygls.lsp.server` alone", _ms(median(bare[1:])), "", "a bare interpreter"),
        Figure(
            "a key in a file of 5,000 lines", _ms(quantile(keys, 0.95)), "", f"p95 of {KEYS} moves"
        ),
        Figure(
            "a failure is recorded, to its line",
            _ms(median(arrived)),
            "",
            f"median of {ROUNDS} runs",
        ),
    ]


def _starts(made: Mesh, file: Path, commit: str) -> tuple[list[float], list[float], list[float]]:
    greeted: list[float] = []
    first: list[float] = []
    bare: list[float] = []
    for _ in range(STARTS + 1):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import pygls.lsp.server"], check=True)
        bare.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        with _editor(made) as editor:
            editor.greet()
            greeted.append(time.perf_counter() - begin)
            editor.open(file, file.read_text())
            editor.shown(_says(commit))
            first.append(time.perf_counter() - begin)
    return greeted, first, bare


def _keys(editor: Editor, file: Path) -> list[float]:
    """Each puts a line in at the top; the failure below must be seen to move."""
    times: list[float] = []
    for version in range(2, KEYS + 2):
        begin = time.perf_counter()
        editor.put_in(file, version, "\n")
        moved = 1 + version - 1
        editor.shown(lambda told, at=moved: told and told[0]["range"]["start"]["line"] == at)
        times.append(time.perf_counter() - begin)
    return times


def _rounds(made: Mesh, repository: Repository, commit: str) -> list[float]:
    """From the time in the event's id, which is that of its record, to what the editor is told.
    It is listened to while the command runs: the line may be there before the command returns."""
    file = repository.root / "calculator.py"
    times: list[float] = []
    with _editor(made) as editor, ThreadPoolExecutor(max_workers=1) as person:
        editor.greet()
        editor.open(file, file.read_text())
        editor.shown(_says(commit))
        for _ in range(ROUNDS):
            repository.replace("calculator.py", *MEND)
            succeed(made, repository)
            editor.shown(lambda told: not told)
            repository.replace("calculator.py", *BREAK)
            failing = person.submit(fail, made, repository)
            [shown] = editor.shown(lambda told: bool(told))
            times.append(time.time() - int(shown["data"]["event"][:12], 16) / 1_000)
            failing.result()
    return times


def _says(commit: str) -> Callable[[list[Message]], object]:
    return lambda told: told and f"fixed in {commit[:7]}" in told[0]["message"]


@contextmanager
def _editor(made: Mesh) -> Generator[Editor]:
    editor = Editor(made)
    try:
        yield editor
    finally:
        editor.close()


def _ms(seconds: float) -> str:
    return f"{seconds * 1_000:.0f} ms"
