"""Wheels that are measured on: pinned by version and hash, fetched once, unpacked."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

from common.daemon.home import models_directory

PINS = Path(__file__).with_name("wheels.txt")
BESIDE = Path(__file__).with_name("wheels_beside.txt")
"""Other code, among which the functions of the first are looked for."""
_KEPT = (".py", ".jsonl.gz")
"""Code, and what HumanEval carries its tasks in."""
_PIN = re.compile(r"^([A-Za-z0-9_-]+)==(\S+) ", re.MULTILINE)


def cache() -> Path:
    """Where what is fetched and computed is kept between runs."""
    directory = models_directory().parent / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def fetched(pins: Path = PINS) -> list[Path]:
    """The directory that each wheel was unpacked into. pip checks the hashes."""
    names = [f"{name}-{version}" for name, version in _PIN.findall(pins.read_text())]
    there = {name: cache() / "unpacked" / name for name in names}
    if not all((place / ".whole").exists() for place in there.values()):
        wheels = cache() / "wheels"
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps"]
        subprocess.run(
            [*pip, "--only-binary", ":all:", "-r", str(pins), "-d", str(wheels)], check=True
        )
        for wheel in wheels.glob("*.whl"):
            _unpack(wheel, there)
    return sorted(there.values())


def _unpack(wheel: Path, there: dict[str, Path]) -> None:
    distribution, version = wheel.name.split("-")[:2]
    place = there.get(f"{distribution.replace('_', '-')}-{version}")
    if place is None or (place / ".whole").exists():
        return
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place, [n for n in archive.namelist() if n.endswith(_KEPT)])
    (place / ".whole").touch()
