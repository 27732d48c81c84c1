"""What `mesh engine` advises about servers that do not answer: whose they are decides it."""

from __future__ import annotations

from pathlib import Path

from coordinator_node.engine.nats_server import SEE_ENGINE, ServerSettings
from coordinator_node.engine.settings import NatsSettings
from coordinator_node.inspecting import whose

OWN = "127.0.0.1:4222"
OTHER = "10.0.0.2:4222"
NATS = NatsSettings(
    "mesh", (f"tls://{OWN}", f"tls://{OTHER}"), own=ServerSettings("a", OWN[:9], 4222)
)


def test_the_own_server_is_started_again_by_the_coordinator(tmp_path: Path) -> None:
    said = whose(NATS, [OWN], tmp_path)
    assert f"{OWN} is the own server of the Coordinator here" in said
    assert str(tmp_path / "engine" / "nats.log") in said
    assert "start 10" not in said


def test_a_server_of_another_machine_is_started_there(tmp_path: Path) -> None:
    assert whose(NATS, [OTHER], tmp_path).startswith(f"start {OTHER} on its machine")
    both = whose(NATS, [OWN, OTHER], tmp_path)
    assert f"{OWN} is the own server of the Coordinator here" in both
    assert f"start {OTHER} on its machine" in both
    none_own = NatsSettings("mesh", NATS.servers)
    assert whose(none_own, [OWN], tmp_path).startswith(f"start {OWN} on its machine")


def test_no_advice_leads_back_to_where_it_stands(tmp_path: Path) -> None:
    for silent in ([], [OWN], [OTHER]):
        said = whose(NATS, silent, tmp_path)
        assert said
        assert SEE_ENGINE not in said
        assert "mesh engine" not in said
