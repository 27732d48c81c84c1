"""Several machines with a Dragon each, as a person starts them, and what they remember."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.support.mesh import Mesh
from tests.support.repository import Repository


def machine(tmp_path: Path, name: str) -> Iterator[Mesh]:
    """The home of one more machine, which has no models; a fixture yields from it."""
    mesh = Mesh(tmp_path / name, POSTDEVAI_MODELS=str(tmp_path / "no-models"))
    try:
        yield mesh
    finally:
        mesh.close()


def ran(mesh: Mesh, repository: Repository, words: str) -> str:
    """Runs words of a shell there, recorded; the command as it is remembered."""
    done = mesh.postdevai("run", "--", "sh", "-c", words, cwd=repository.root)
    assert done.returncode == 0, done.stderr
    return f"sh -c '{words}'"


def told(mesh: Mesh) -> list[str]:
    """What the Dragons remember of commands, oldest first; nothing while one cannot be asked."""
    done = mesh.postdevai("history", "--json", "--kind", "command", "--limit", "100")
    if done.returncode or '"away": true' in done.stdout:
        return []
    events = mesh.json("history", "--json", "--kind", "command", "--limit", "100")["events"]
    return [event["command"] for event in reversed(events)]


def dragons(mesh: Mesh) -> list[str]:
    """Ids of those that serve."""
    nodes = mesh.json("nodes", "--json")["nodes"]
    return [n["id"] for n in nodes if n["role"] == "dragon" and n["state"] == "serving"]
