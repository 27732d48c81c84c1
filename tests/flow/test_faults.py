"""What goes wrong is said in a sentence, and nothing acknowledged is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.mesh import Mesh, until
from tests.support.repository import Repository


def test_up_works_three_days_later(mesh: Mesh, tmp_path: Path) -> None:
    """A leaf lives a day; a laptop that slept over a weekend must still come up."""
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    mesh.down()
    for role in ("dragon", "developer"):
        expire(mesh.home / role / "identity", mesh.home / "coordinator")
    mesh.up(repository.root)
    assert mesh.json("search", "--json", "--literal", "def total")["hits"]


def expire(identity: Path, coordinator: Path) -> None:
    """Replaces a leaf by one that the same CA signed for the same key and that ended yesterday."""
    old = x509.load_pem_x509_certificate((identity / "leaf.pem").read_bytes())
    key = serialization.load_pem_private_key((coordinator / "authority/ca.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    now = datetime.now(UTC)
    leaf = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.issuer)
        .public_key(old.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=4))
        .not_valid_after(now - timedelta(days=3))
    )
    for extension in old.extensions:
        leaf = leaf.add_extension(extension.value, extension.critical)
    signed = leaf.sign(key, hashes.SHA256())
    (identity / "leaf.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))


def test_a_full_lake_refuses_with_numbers_and_the_outbox_keeps(tmp_path: Path, mesh: Mesh) -> None:
    mesh.env["POSTDEVAI_LAKE_BYTES"] = str(24 << 20)
    repository = Repository.make(tmp_path / "thing")
    for i in range(60):
        repository.write(f"data/part{i}.txt", os.urandom(400_000).hex())
    up = mesh.postdevai("up", "--repo", str(repository.root), "--detach", "--wait", "ready")
    assert up.returncode == 0, up.stderr + mesh.logs()
    for _ in until(40):
        status = mesh.json("status", "--json")
        if "bytes" in status["outbox"].get("sentence", "") or refused(mesh):
            break
    status = mesh.json("status", "--json")
    assert status["outbox"]["waiting"] > 0
    assert status["outbox"]["refused"] == 0
    assert status["lake"]["bytes"] <= status["lake"]["budget_bytes"]
    assert refused(mesh), mesh.logs()


def refused(mesh: Mesh) -> bool:
    """Whether the laptop's log says that the lake is full, with numbers."""
    log = (mesh.home / "developer" / "developer.log").read_text()
    return any("lake" in line and "bytes" in line for line in log.splitlines())


@pytest.mark.skipif(os.getuid() != 0, reason="only root can hide a directory from one process")
def test_the_dragon_never_reads_the_laptops_disk(tmp_path: Path) -> None:
    """Three homes; in the Dragon's mount namespace the repository is an empty directory."""
    repository = Repository.make(tmp_path / "thing")
    coordinator, dragon, laptop = (Mesh(tmp_path / name) for name in ("a", "b", "c"))
    with ExitStack() as running:
        for mesh in (coordinator, dragon, laptop):
            running.callback(mesh.close)
        run = partial(start, running)
        node(coordinator, "coordinator_node", "init").check_returncode()
        run(coordinator, "coordinator", ["-m", "coordinator_node", "serve", "--port", "0"])
        join(coordinator, dragon, "dragon")
        join(coordinator, laptop, "developer")
        hide = f"mount -t tmpfs none {repository.root} && exec {sys.executable} -m dragon_node"
        join_file = dragon.home / "dragon" / "join.code"
        run(dragon, "dragon", [f"{hide} --join-file {join_file}"], ["unshare", "-m", "sh", "-c"])
        join_file = laptop.home / "developer" / "join.code"
        words = ["-m", "developer_node", "--join-file", str(join_file)]
        run(laptop, "developer", [*words, "--repo", str(repository.root)])
        found: Any = None
        for _ in until(30):
            found = laptop.json("search", "--json", "--literal", "def total", codes=(0, 1, 3))
            if found.get("hits"):
                break
        assert [hit["path"] for hit in found["hits"]] == ["calculator.py"]
        blob = laptop.postdevai("open", found["hits"][0]["blob"])
        assert blob.stdout == (repository.root / "calculator.py").read_text()


def node(mesh: Mesh, module: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A daemon's own command, to its end."""
    command = [sys.executable, "-m", module, *words, "--home", str(mesh.home)]
    return subprocess.run(command, env=mesh.env, capture_output=True, text=True, timeout=30)


def join(coordinator: Mesh, mesh: Mesh, role: str) -> None:
    """Puts a fresh code where the node will find it."""
    code = node(coordinator, "coordinator_node", "invite", role).stdout.split()[-1]
    for directory in (mesh.home, mesh.home / role):
        directory.mkdir(mode=0o700)
    (mesh.home / role / "join.code").write_text(code)


def start(
    running: ExitStack,
    mesh: Mesh,
    role: str,
    words: list[str],
    through: Sequence[str] = (sys.executable,),
) -> None:
    """Returns once the daemon serves; it is stopped at the end."""
    process = subprocess.Popen([*through, *words], env=mesh.env)
    running.callback(process.wait, 20)
    running.callback(process.terminate)
    for _ in until(30):
        if (mesh.home / role / "ready.json").exists():
            return
    raise AssertionError(mesh.logs())


def test_odd_repositories_are_watched_and_said_never_a_crash(mesh: Mesh, tmp_path: Path) -> None:
    plain = tmp_path / "no git"
    plain.mkdir()
    (plain / "notes.txt").write_text("a needle in a place without git\n")
    empty = tmp_path / "no commits"
    empty.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=empty, check=True)
    (empty / "draft.py").write_text("needle_without_commits = 1\n")
    odd = Repository.make(tmp_path / "odd")
    (odd.root / "blob.bin").write_bytes(os.urandom(4096))
    (odd.root / "latin.txt").write_bytes(b"caf\xe9 needle\n")
    (odd.root / os.fsdecode(b"name-\xff.txt")).write_text("needle in an odd name\n")
    (odd.root / "loop").symlink_to(odd.root, target_is_directory=True)
    with (odd.root / "huge.log").open("wb") as huge:
        huge.truncate(100 << 20)
    mesh.up(plain, empty, odd.root)
    found = mesh.json("search", "--json", "--literal", "needle")
    assert {hit["path"] for hit in found["hits"]} == {"notes.txt", "draft.py"}
    assert all(p.is_running() for p in mesh.processes())
