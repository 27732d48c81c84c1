"""A world to break and mend, and whether a sandbox can be made on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from developer_node.proof.machine import of_this_machine
from tests.support.proofs import World, make_world


@pytest.fixture(autouse=True)
def python_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The project's Python is the one that runs these tests, as if it had been activated."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)


@pytest.fixture(scope="session")
def no_sandbox() -> str:
    """Why none can be made; empty when one can."""
    reasons = [sandbox.missing() for sandbox in of_this_machine()]
    return "; ".join(reasons) if all(reasons) else ""


@pytest.fixture
def sandboxed(no_sandbox: str) -> None:
    """For a test that runs something for real."""
    if no_sandbox:
        pytest.skip(f"no sandbox here: {no_sandbox}")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)
