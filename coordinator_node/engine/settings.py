"""HOME/coordinator/engine.toml: which engine keeps the state; without the file it is SQLite."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from common.daemon.files import write_private
from common.errors import Invalid
from coordinator_node.engine.limits import NAME
from coordinator_node.engine.nats_server import ServerSettings

FILE = "engine.toml"
ENGINES = ("sqlite", "nats")
REPLICAS = (1, 3, 5)


@dataclass(frozen=True, slots=True)
class NatsSettings:
    """Where the servers are, and which place there is this mesh's."""

    space: str
    """Letters, digits, - and _."""
    servers: tuple[str, ...]
    """tls://host:port of each."""
    replicas: int = 1
    """How many servers keep a copy: 1, 3 or 5."""
    tls: str = ""
    """A directory with key.pem, leaf.pem and ca.pem; empty for the engine's own."""
    own: ServerSettings | None = None
    """The server that this Coordinator starts; none where the system has one."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What the file says."""

    engine: str = "sqlite"
    file: str = "state.db"
    """Of SQLite, beside engine.toml."""
    nats: NatsSettings | None = None


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the file, read with a refusal for what should not be there."""

    path: Path
    name: str
    said: dict[str, Any] = field(default_factory=dict[str, Any])

    def text(self, key: str, usual: str | None = None) -> str:
        return cast(str, self._of(key, str, usual))

    def number(self, key: str, usual: int | None = None) -> int:
        return cast(int, self._of(key, int, usual))

    def texts(self, key: str, usual: list[str] | None = None) -> tuple[str, ...]:
        found = self._of(key, list, usual)
        if not all(isinstance(each, str) for each in cast(list[object], found)):
            raise self.bad(key, "must be a list of texts")
        return tuple(cast(list[str], found))

    def table(self, key: str) -> _Table | None:
        found = self.said.pop(key, None)
        if found is None:
            return None
        if not isinstance(found, dict):
            raise self.bad(key, "must be a table")
        return _Table(self.path, f"{self.name}{key}.", cast(dict[str, Any], found))

    def nothing_else(self) -> None:
        for key in self.said:
            raise self.bad(key, "means nothing here")

    def bad(self, key: str, why: str) -> Invalid:
        return Invalid(
            f"{self.path}: {self.name}{key} {why}",
            field=f"{self.name}{key}",
            hint="docs/engine.md tells what may stand there",
        )

    def _of(self, key: str, kind: type, usual: object) -> object:
        found = self.said.pop(key, usual)
        if found is None:
            raise self.bad(key, "is missing")
        if not isinstance(found, kind) or isinstance(found, bool):
            raise self.bad(key, f"must be a {'text' if kind is str else kind.__name__}")
        return found


def read_settings(directory: Path) -> EngineSettings:
    """What the file of this Coordinator says; Invalid, naming the line's key, when it is bad."""
    path = directory / FILE
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return EngineSettings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} is not TOML: {error}", field=FILE) from error
    top = _Table(path, "", said)
    engine = top.text("engine")
    if engine not in ENGINES:
        raise top.bad("engine", f"is {engine!r}; it must be one of {list(ENGINES)}")
    sqlite, nats = top.table("sqlite"), top.table("nats")
    top.nothing_else()
    file = sqlite.text("file", "state.db") if sqlite else "state.db"
    if "/" in file or not NAME.fullmatch(file):
        raise _Table(path, "sqlite.").bad("file", "must be the name of a file beside this one")
    if sqlite:
        sqlite.nothing_else()
    if engine == "nats" and nats is None:
        raise top.bad("nats", "is missing")
    return EngineSettings(engine, file, _nats(nats) if nats else None)


def _nats(table: _Table) -> NatsSettings:
    own = table.table("server")
    settings = NatsSettings(
        table.text("space"),
        table.texts("servers"),
        table.number("replicas", 1),
        table.text("tls", ""),
        _server(own) if own else None,
    )
    table.nothing_else()
    if not settings.space.replace("-", "").replace("_", "").isalnum() or len(settings.space) > 60:
        raise table.bad("space", "must be of letters, digits, - and _")
    if not settings.servers:
        raise table.bad("servers", "must name one at least")
    if settings.replicas not in REPLICAS:
        raise table.bad("replicas", f"must be one of {list(REPLICAS)}")
    return settings


def _server(table: _Table) -> ServerSettings:
    settings = ServerSettings(
        table.text("name"),
        table.text("host", "127.0.0.1"),
        table.number("port"),
        table.number("cluster_port", 0),
        table.texts("routes", []),
    )
    table.nothing_else()
    for key, port in (("port", settings.port), ("cluster_port", settings.cluster_port)):
        if not 0 <= port <= 65535:
            raise table.bad(key, "must be a port")
    return settings


def write_settings(directory: Path, settings: EngineSettings) -> None:
    """Replaces the file at once."""
    lines = [
        f"engine = {json.dumps(settings.engine)}",
        "",
        "[sqlite]",
        f"file = {json.dumps(settings.file)}",
    ]
    if settings.nats:
        nats = settings.nats
        lines += [
            "",
            "[nats]",
            f"space = {json.dumps(nats.space)}",
            f"servers = {json.dumps(nats.servers)}",
            f"replicas = {nats.replicas}",
            f"tls = {json.dumps(nats.tls)}",
        ]
        if nats.own:
            lines += [
                "",
                "[nats.server]",
                f"name = {json.dumps(nats.own.name)}",
                f"host = {json.dumps(nats.own.host)}",
                f"port = {nats.own.port}",
                f"cluster_port = {nats.own.cluster_port}",
                f"routes = {json.dumps(nats.own.routes)}",
            ]
    write_private(directory / FILE, ("\n".join(lines) + "\n").encode())
