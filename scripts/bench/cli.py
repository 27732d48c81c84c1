"""How long a person and a script wait for `postdevai`, processes and all, by hyperfine."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from scripts.bench.report import Figure
from scripts.bench.stage import mesh

RUNS = 30
BARE = (sys.executable, "-c", "pass")
GRPC = (sys.executable, "-c", "import grpc")
BESIDE = "beside it: the bare interpreter {bare:.0f} ms, import grpc {grpc:.0f} ms"


def measure() -> list[Figure]:
    """Help, and the two questions that scripts ask; with and without a mesh that serves."""
    if shutil.which("hyperfine") is None:
        return [Figure("start of the CLI", "not measured", "", "hyperfine is not installed")]
    program = str(Path(sys.executable).with_name("postdevai"))
    with mesh() as made, tempfile.TemporaryDirectory() as watched:
        made.up(Path(watched), wait="ready")
        bare, grpc = (_ms(words, made.env) for words in (BARE, GRPC))
        beside = BESIDE.format(bare=bare, grpc=grpc)
        asked = (
            (("--help",), "aim <= 150 ms"),
            (("recall", "--json", "--last"), "aim <= 200 ms"),
            (("status", "--json"), ""),
            (("status",), ""),
            (("__complete", "sta"), ""),
        )
        return [
            Figure(
                f"postdevai {' '.join(words)}",
                f"{_ms((program, *words), made.env):.0f} ms",
                against,
                f"median of {RUNS} starts, whole process; {beside}",
            )
            for words, against in asked
        ]


def _ms(words: tuple[str, ...], env: Mapping[str, str]) -> float:
    """The median of whole processes."""
    with tempfile.NamedTemporaryFile(suffix=".json") as said:
        command = " ".join(f"'{word}'" for word in words)
        subprocess.run(
            ["hyperfine", "-Ni", "-w3", f"-r{RUNS}", "--export-json", said.name, command],
            env=dict(env), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return float(json.loads(Path(said.name).read_text())["results"][0]["median"]) * 1000


if __name__ == "__main__":
    for figure in measure():
        print(f"{figure.what}: {figure.value} ({figure.against or 'no bar'}) {figure.method}")
