"""Fails when common/pb or docs/api is not what protos/ makes, or when protos/ breaks a release."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts import gen_api_docs, gen_protos  # noqa: E402  after the path above


def main() -> int:
    """Compares file by file; then buf breaking against the last release tag, if there is one."""
    with tempfile.TemporaryDirectory() as scratch:
        pb, api = Path(scratch) / "pb", Path(scratch) / "api"
        gen_protos.write_package(pb)
        gen_api_docs.write_pages(api)
        stale = differing(pb, gen_protos.OUT, "*.py*") + differing(api, gen_api_docs.OUT, "*.md")
    if stale:
        print(f"Not what protos/ makes: {', '.join(stale)}. Type: make proto")
        return 1
    return breaking()


def differing(fresh: Path, kept: Path, pattern: str) -> list[str]:
    """Names below either folder whose bytes differ."""
    names = {str(p.relative_to(folder)) for folder in (fresh, kept) for p in folder.rglob(pattern)}
    names = {n for n in names if "__pycache__" not in n}
    return sorted(n for n in names if read(fresh / n) != read(kept / n))


def read(path: Path) -> bytes | None:
    """Bytes, or None when there is no such file."""
    return path.read_bytes() if path.exists() else None


def breaking() -> int:
    """buf breaking against the newest tag v*."""
    tags = subprocess.run(
        ["git", "tag", "--list", "v*", "--sort=-v:refname"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    if not tags:
        print("protos: generated code is current; no release yet to break")
        return 0
    against = f".git#tag={tags[0]},subdir=protos"
    buf = Path(sys.executable).parent / "buf"
    return subprocess.run(
        [buf, "breaking", "protos", "--against", against], cwd=ROOT, check=False
    ).returncode


if __name__ == "__main__":
    raise SystemExit(main())
