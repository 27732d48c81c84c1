"""`make run`: fetches the models beside, starts the mesh on this machine and opens the TUI.

Recording and search work before the models are there; `ask` says how much of them is.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from common.daemon.home import models_directory
from dragon_node.inference.fetching.pins import PINS
from dragon_node.inference.fetching.unpack import is_current

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """0 when everything was stopped in order, else what `postdevai up` said."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repo", default=".", help="the repository to index")
    repo = Path(parser.parse_args().repo).expanduser().resolve()
    if not repo.is_dir():
        print(f"{repo} is not a directory. Type: make run REPO=/path/to/a/repository")
        return 2
    announce_models()
    fetch = subprocess.Popen(
        [sys.executable, ROOT / "scripts" / "fetch_models.py", "--beside"],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    # The person's Ctrl-C belongs to the mesh, which stops in order; this process only waits.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    mesh = subprocess.Popen(
        [sys.executable, "-m", "developer_node.front.cli", "up", "--tui", "--repo", repo],
        cwd=ROOT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )

    def pass_on(number: int, frame: FrameType | None) -> None:
        mesh.send_signal(number)

    signal.signal(signal.SIGTERM, pass_on)
    try:
        return mesh.wait()
    finally:
        if fetch.poll() is None:
            fetch.terminate()
        fetch.wait()


def announce_models() -> None:
    """Says what will be fetched beside, when something will."""
    missing = [pin for pin in PINS if not is_current(models_directory(), pin)]
    if missing:
        megabytes = sum(pin.bytes for pin in missing) // 1_000_000
        print(
            f"Fetching {len(missing)} small models beside, {megabytes} MB, once, about a minute. "
            "Recording and search work without them; `postdevai status` says how far they are.",
            flush=True,
        )


if __name__ == "__main__":
    raise SystemExit(main())
