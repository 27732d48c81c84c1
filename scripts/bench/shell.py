"""The recorded shell against a plain one in a PTY, script(1) and asciinema, in turn."""

from __future__ import annotations

import os
import pty
import select
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.bench.report import Figure, median, quantile
from scripts.bench.stage import ROOT

CAT_BYTES = 100 << 20
ROUNDS = 7
KEYS = 300
READY = b"ready> "
_LINE = b"The quick brown fox jumps over the lazy dog, and so it goes on, line by line.\r\n"


@dataclass(frozen=True, slots=True)
class _Side:
    name: str
    argv: tuple[str, ...]


def measure(cat_bytes: int = CAT_BYTES, rounds: int = ROUNDS, keys: int = KEYS) -> list[Figure]:
    """`cat` of a file, and the echo of a key; each round asks all sides, in a turning order."""
    with TemporaryDirectory(prefix="postdevai-bench-shell-") as scratch:
        home = Path(scratch)
        (home / ".bashrc").write_text(f"PS1='{READY.decode()}'\nunset HISTFILE\n")
        lines = home / "lines"
        lines.write_bytes(_LINE * (cat_bytes // len(_LINE)))
        cats: dict[str, list[float]] = {}
        echoes: dict[str, list[float]] = {}
        sides = _sides(home)
        for n in range(rounds + 1):
            for side in sides[n % len(sides) :] + sides[: n % len(sides)]:
                took, echoed = _once(side, home, lines, keys)
                if n:  # the first round is thrown away
                    cats.setdefault(side.name, []).append(took)
                    echoes.setdefault(side.name, []).extend(echoed)
    return [
        *(_cat(cat_bytes, side.name, cats) for side in sides),
        *(_echo(side.name, echoes) for side in sides),
    ]


def _sides(home: Path) -> list[_Side]:
    bash = ("bash", "--rcfile", str(home / ".bashrc"), "-i")
    line = " ".join(bash)
    own = (sys.executable, "-m", "developer_node.front.cli", "shell", "--shell", "bash")
    sides = [_Side("plain bash", bash), _Side("postdevai shell", own)]
    if shutil.which("script"):
        sides.append(_Side("script -q", ("script", "-q", "-c", line, str(home / "typescript"))))
    if shutil.which("asciinema"):
        rec = ("asciinema", "rec", "-q", "--overwrite", "-c", line, str(home / "cast"))
        sides.append(_Side("asciinema", rec))
    return sides


def _once(side: _Side, home: Path, lines: Path, keys: int) -> tuple[float, list[float]]:
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "xterm-256color"}
    env |= {"PYTHONPATH": str(ROOT), "POSTDEVAI_HOME": str(home / "home"), "LANG": "C.UTF-8"}
    pid, screen = pty.fork()
    if pid == 0:
        os.chdir(home)
        os.execvpe(side.argv[0], side.argv, env)
    try:
        _until(screen, READY)
        os.write(screen, b"true\r")  # whoever records is up and has seen a command
        _until(screen, READY)
        echoed = _echoed(screen, keys)
        begun = time.perf_counter()
        os.write(screen, f"cat {lines}; echo end of $((1+1))\r".encode())
        _until(screen, b"end of 2\r\n")
        took = time.perf_counter() - begun
        os.write(screen, b"exit\r")
        _until_closed(screen)
    finally:
        os.close(screen)
        os.waitpid(pid, 0)
    return took, echoed


def _echoed(screen: int, keys: int) -> list[float]:
    """From a key to its echo, in seconds; it is taken back before the next one."""
    found: list[float] = []
    for _ in range(keys):
        begun = time.perf_counter()
        os.write(screen, b"k")
        _until(screen, b"k")
        found.append(time.perf_counter() - begun)
        os.write(screen, b"\x7f")
        _until(screen, b"\x1b[K")
    return found


def _until(screen: int, wanted: bytes) -> None:
    seen = b""  # a prompt that comes in one piece with what is looked for is passed over
    while wanted not in seen:
        if not select.select([screen], [], [], 60)[0]:
            raise TimeoutError(f"{wanted!r} did not come: {seen[-200:]!r}")
        seen = seen[-200:] + os.read(screen, 65536)


def _until_closed(screen: int) -> None:
    try:
        while os.read(screen, 65536):
            continue
    except OSError:  # how Linux says that nobody writes any more
        return


def _cat(size: int, name: str, cats: dict[str, list[float]]) -> Figure:
    ratios = [p / own for p, own in zip(cats["plain bash"], cats[name], strict=True)]
    return Figure(
        f"cat of {size >> 20} MiB, {name}",
        f"{size / median(cats[name]) / 1e6:.0f} MB/s, {median(ratios):.2f} of plain bash",
        "aim >= 0.85 of plain bash" if name == "postdevai shell" else "",
        f"median of {len(ratios)} rounds, to the line after it on the screen; ratio in each round",
    )


def _echo(name: str, echoes: dict[str, list[float]]) -> Figure:
    own, plain = echoes[name], echoes["plain bash"]
    more = quantile(own, 0.95) - quantile(plain, 0.95)
    return Figure(
        f"echo of a key, {name}",
        f"p50 {median(own) * 1000:.2f} ms, p95 {quantile(own, 0.95) * 1000:.2f} ms "
        f"(p95 {more * 1000:+.2f} ms)",
        "aim p95 +0.2 ms to plain bash" if name == "postdevai shell" else "",
        f"{len(own):,} keys at a prompt, one after another",
    )
