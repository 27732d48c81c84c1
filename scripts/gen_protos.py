"""Generates common/pb from protos/: messages, stubs and type stubs, importable as common.pb."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import grpc_tools

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
OUT = ROOT / "common" / "pb"
PACKAGE = "postdevai.v1"
HEADER = '"""Generated from protos/ by scripts/gen_protos.py: never edited by hand."""\n'


def main() -> int:
    """Writes common/pb anew; what protoc no longer makes is gone afterwards."""
    shutil.rmtree(OUT, ignore_errors=True)
    count = write_package(OUT)
    print(f"common/pb: {count} protos")
    return 0


def write_package(out: Path) -> int:
    """Writes the generated package to `out`; returns how many protos went in."""
    sources = sorted(str(p.relative_to(PROTOS)) for p in PROTOS.rglob("*.proto"))
    out.mkdir(parents=True)
    generate(sources, out)
    for path in sorted(out.rglob("*.py*")):
        text = path.read_text()
        if path.stem.endswith("_grpc") and "Stub" not in text:
            path.unlink()  # a proto without a service needs no stubs
        else:
            path.write_text(rewrite_imports(text))
    for folder in (out, out / "postdevai", out / "postdevai" / "v1"):
        (folder / "__init__.py").write_text(HEADER)
    return len(sources)


def generate(sources: list[str], out: Path) -> None:
    """Runs protoc with the plugins of this interpreter's environment."""
    plugins = Path(sys.executable).parent
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "grpc_tools.protoc",
            f"-I{PROTOS}",
            f"-I{well_known}",
            f"--plugin=protoc-gen-mypy_grpc={plugins / 'protoc-gen-mypy_grpc'}",
            f"--python_out={out}",
            f"--pyi_out={out}",
            f"--grpc_python_out={out}",
            f"--mypy_grpc_out=quiet:{out}",
            *sources,
        ],
        check=True,
    )


def rewrite_imports(text: str) -> str:
    """protoc imports by proto package; ours live below common.pb."""
    text = re.sub(rf"^from {re.escape(PACKAGE)}", f"from common.pb.{PACKAGE}", text, flags=re.M)
    text = re.sub(rf"^import {re.escape(PACKAGE)}", f"import common.pb.{PACKAGE}", text, flags=re.M)
    return re.sub(r"(?<![\w.])postdevai\.v1\.(\w+_pb2)", rf"common.pb.{PACKAGE}.\1", text)


if __name__ == "__main__":
    raise SystemExit(main())
