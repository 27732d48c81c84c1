"""engine.toml: what it may say, and that a bad one is a refusal that names the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import Invalid
from coordinator_node.engine.nats_server import ServerSettings
from coordinator_node.engine.settings import (
    FILE,
    EngineSettings,
    NatsSettings,
    read_settings,
    write_settings,
)

SERVER = ServerSettings("a", "10.0.0.1", 4222, 6222, ("10.0.0.1:6222", "10.0.0.2:6222"))


def test_without_a_file_it_is_sqlite(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == EngineSettings("sqlite", "state.db", None)


@pytest.mark.parametrize(
    "settings",
    [
        EngineSettings("sqlite", "state-2.db"),
        EngineSettings("nats", "state.db", NatsSettings("g1", ("tls://h:1", "tls://i:2"), 3)),
        EngineSettings("nats", nats=NatsSettings("g_1", ("tls://h:1",), 1, '/a "b"', SERVER)),
    ],
)
def test_what_was_written_is_read(tmp_path: Path, settings: EngineSettings) -> None:
    write_settings(tmp_path, settings)
    assert read_settings(tmp_path) == settings
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("engine = ", FILE),
        ("", "engine"),
        ('engine = "postgres"', "engine"),
        ("engine = 1", "engine"),
        ('engine = "nats"', "nats"),
        ('engine = "sqlite"\nreplicas = 3', "replicas"),
        ('engine = "sqlite"\n[sqlite]\nfile = "../state.db"', "sqlite.file"),
        ('engine = "nats"\n[nats]\nservers = ["a"]', "nats.space"),
        ('engine = "nats"\n[nats]\nspace = "a.b"\nservers = ["a"]', "nats.space"),
        ('engine = "nats"\n[nats]\nspace = "a"\nservers = []', "nats.servers"),
        ('engine = "nats"\n[nats]\nspace = "a"\nservers = [1]', "nats.servers"),
        ('engine = "nats"\n[nats]\nspace = "a"\nservers = ["a"]\nreplicas = 2', "nats.replicas"),
        (
            'engine = "nats"\n[nats]\nspace = "a"\nservers = ["a"]\n[nats.server]\nname = "a"',
            "nats.server.port",
        ),
    ],
)
def test_what_means_nothing_is_refused_by_its_name(tmp_path: Path, text: str, field: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(Invalid) as refused:
        read_settings(tmp_path)
    assert refused.value.field == field
    assert str(tmp_path / FILE) in refused.value.message
