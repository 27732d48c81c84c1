"""The owner asks for a model of a hub, and the Dragon that never asks one has it fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.hub_server import ID, HubServer
from tests.support.hub_server import hub as hub
from tests.support.mesh import Mesh
from tests.support.tiny_models import tiny_model


def test_a_model_of_a_hub_is_pulled_by_a_dragon_that_is_offline(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.files = {f.name: f.read_bytes() for f in tiny_model(tmp_path / "tiny").iterdir()}
    monkeypatch.setenv("POSTDEVAI_MODELS", str(tmp_path / "models"))
    mesh = Mesh(tmp_path / "home")
    try:
        mesh.up(wait="ready")
        catalog = mesh.home / "dragon" / "models.toml"
        catalog.write_text(f'[models.tiny]\nsource = "hub:{ID}"\npurpose = "code"\n')
        assert hub.asked == []
        done = mesh.postdevai("models", "pull", "tiny")
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "tiny is ready."), done.stderr
        assert len(hub.asked) > 0
        hub.asked.clear()
        again = mesh.postdevai("models", "pull", "tiny")
        assert again.stdout.splitlines()[-1] == "tiny is ready."
        assert hub.asked == []
    finally:
        mesh.close()
