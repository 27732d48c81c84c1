"""A model hub on loopback: the two addresses that a fetch asks for, and ways to go wrong."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from common.daemon import environment, lifecycle
from dragon_node.inference import mlx_modules
from dragon_node.inference.catalog.entries import Entry, Hub
from dragon_node.inference.fetching import kept

ID = "mlx-community/tiny"
COMMIT = "a" * 40
ELSEWHERE = "localhost"
"""Who keeps the files when the hub redirects."""
FIRST = "model-00001-of-00002.safetensors"
SECOND = "model-00002-of-00002.safetensors"


@dataclass
class HubServer:
    """What it serves, what it does to whom, and what it was asked."""

    address: str
    files: dict[str, bytes]
    commit: str = COMMIT
    status: int = 200
    """Of every answer."""
    error_code: str = ""
    """X-Error-Code, with a status that is no success."""
    cut: dict[str, int] = field(default_factory=dict[str, int])
    """Once, so many bytes into a file, the connection ends."""
    stall: dict[str, int] = field(default_factory=dict[str, int])
    """So many bytes into a file nothing more comes, until `go_on` is set."""
    ranges: bool = True
    """Whether a part of a file can be asked for."""
    damaged: set[str] = field(default_factory=set[str])
    """Files that are sent with a wrong byte."""
    redirects: bool = False
    """Whether files lie with somebody else, as they do for the real one."""
    tokens: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Host and Authorization of each request."""
    heard: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Path and User-Agent of each request."""
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """File and Range of each request."""
    go_on: threading.Event = field(default_factory=threading.Event)
    stalled: threading.Event = field(default_factory=threading.Event)

    def listing(self) -> bytes:
        """What /api/models/ID/revision/REVISION?blobs=true says."""
        siblings = [_sibling(name, data) for name, data in self.files.items()]
        return json.dumps({"id": ID, "sha": self.commit, "siblings": siblings}).encode()


def weights(size: int, seed: int = 0) -> bytes:
    """Bytes in which no part is like another."""
    blocks = (hashlib.sha256(f"{seed} {n}".encode()).digest() for n in range(size // 32 + 1))
    return b"".join(blocks)[:size]


def an_entry(name: str = "tiny", revision: str = "main") -> Entry:
    """A catalogue entry whose model this hub has."""
    return Entry(name, "fast", Hub(ID, revision))


def small_model(weight_bytes: int = 3_000_000) -> dict[str, bytes]:
    """What such a repository holds: what is needed, and what is not."""
    return {
        ".gitattributes": b"*.safetensors lfs",
        "README.md": b"# tiny",
        "config.json": b'{"model_type": "llama"}',
        "tokenizer.json": b'{"version": "1.0"}',
        "chat_template.jinja": b"{{ messages }}",
        "modeling_tiny.py": b"raise SystemExit('never to be run')",
        "consolidated.safetensors": weights(1_000, 7),
        "onnx/model.onnx": weights(1_000, 8),
        FIRST: weights(weight_bytes, 1),
        SECOND: weights(weight_bytes // 2, 2),
    }


NEEDED = {"config.json", "tokenizer.json", "chat_template.jinja", FIRST, SECOND}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    """The only hub there is, and nobody is known to it."""
    with hub_server() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        monkeypatch.delenv("HF_TOKEN", raising=False)
        for name in {**lifecycle.OFFLINE, **mlx_modules.ENVIRONMENT}:
            monkeypatch.setenv(name, "")  # so that it is put back as it was
            monkeypatch.delenv(name)
        monkeypatch.setattr(environment, "_was", {})
        yield server


def files_of(hub: HubServer) -> dict[str, bytes]:
    """What should arrive."""
    return {name: data for name, data in hub.files.items() if name in NEEDED}


def arrived(models: Path, name: str = "tiny") -> dict[str, bytes]:
    """What did arrive."""
    directory = models / name
    return {p.name: p.read_bytes() for p in directory.iterdir() if p.name != kept.SOURCE}


@contextmanager
def hub_server() -> Generator[HubServer]:
    """One that serves `small_model`; set HF_ENDPOINT to its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        hub = HubServer(f"http://127.0.0.1:{server.server_port}", small_model())
        server.hub = hub  # type: ignore[attr-defined]
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield hub
        finally:
            hub.go_on.set()
            server.shutdown()
            thread.join()


def _sibling(name: str, data: bytes) -> dict[str, object]:
    blob = hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()
    said: dict[str, object] = {"rfilename": name, "size": len(data), "blobId": blob}
    if name.endswith((".safetensors", ".onnx")):
        digest = hashlib.sha256(data).hexdigest()
        said["lfs"] = {"sha256": digest, "size": len(data), "pointerSize": 130}
    return said


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def _hub(self) -> HubServer:
        return self.server.hub  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        host = self.headers["Host"].split(":")[0]
        self._hub.heard.append((path, self.headers.get("User-Agent", "")))
        self._hub.tokens.append((host, self.headers.get("Authorization", "")))
        if self._hub.status != 200:
            self._answer(self._hub.status, b"{}")
        elif path.startswith("/api/models/"):
            self._answer(200, self._hub.listing())
        elif self._hub.redirects and host != ELSEWHERE:
            self.send_response(302)
            self.send_header("Location", f"http://{ELSEWHERE}:{self.server.server_port}{path}")  # type: ignore[attr-defined]
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._send_file(path.split(f"/resolve/{self._hub.commit}/")[-1])

    def _send_file(self, name: str) -> None:
        hub, data = self._hub, self._hub.files[name]
        if name in hub.damaged:
            data = bytes([data[0] ^ 1]) + data[1:]
        asked = self.headers.get("Range", "")
        hub.asked.append((name, asked))
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked and hub.ranges else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        self._send(name, data, start)

    def _send(self, name: str, data: bytes, start: int) -> None:
        cut, stall = self._hub.cut.pop(name, None), self._hub.stall.get(name)
        until = cut if cut is not None else stall if stall is not None else len(data)
        self.wfile.write(data[start:until])
        if cut is not None:
            self.close_connection = True
        elif stall is not None:
            self._hub.stalled.set()
            self._hub.go_on.wait(60)
            self.wfile.write(data[max(start, until) :])

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if self._hub.error_code:
            self.send_header("X-Error-Code", self._hub.error_code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""
