"""Planted secrets that stay, and innocent lines that go: redaction's two ways of being wrong."""

from __future__ import annotations

import hashlib
import shlex
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from developer_node.text.redaction import redact, taken
from scripts.bench.report import Figure
from scripts.bench.stage import ROOT
from tests.support.planted import PLANTED, Planted

LINES = 1_000
PLACES = 4
SAMPLES = ROOT / "tests" / "unit" / "developer_node" / "text" / "parsers" / "samples"
LINE_CHARACTERS_MIN = 12
"""Shorter lines could hardly be taken for a secret."""
OUTPUT_BYTES = 512 << 10
ROUNDS = 5


def measure(lines: int = LINES) -> list[Figure]:
    """The planted list in four places, real output of real tools, and the time of one output."""
    left = [f"{each.shape} in {place}" for each in PLANTED for place in _missed(each)]
    logs = _drawn(lines)
    wrong = Counter[str]()
    for line in logs:
        wrong.update({rule for _, _, rule in taken(redact(line)) if redact(line) != line})
    touched = sum(redact(line) != line for line in logs)
    rules = ", ".join(f"{rule} {count}" for rule, count in wrong.most_common()) or "none"
    stayed = f"0: {'; '.join(left) or 'none stayed'}"
    return [
        Figure(
            "secrets planted",
            f"{len(PLANTED) * PLACES}",
            "",
            f"{len(PLANTED) - 1} shapes, one also cut, x {PLACES}",
        ),
        Figure("secrets that stayed", str(len(left)), stayed, "asked of redact() in each place"),
        Figure("innocent lines", str(len(logs)), "", "drawn from recorded output of real tools"),
        Figure("innocent lines changed", str(touched), "reported", f"by rule: {rules}"),
        Figure("512 KiB of output", f"{_cpu_ms(logs):.0f} ms of CPU", "", "median of 5, redact()"),
    ]


def _places(planted: Planted) -> dict[str, str]:
    """A secret as it stands in a command, in output, in a file or variable, and in git."""
    return {
        "command": shlex.join(["sh", "-c", planted.command]),
        "output": f"before\n{planted.text}\nafter\n",
        "file": f"{planted.text}\n",
        "patch and message": f"subject\n\n{planted.text}\n+" + planted.text.replace("\n", "\n+"),
    }


def _missed(planted: Planted) -> list[str]:
    found = {place: redact(text) for place, text in _places(planted).items()}
    return [place for place, text in found.items() if planted.secret in text]


def _drawn(count: int) -> list[str]:
    """Different lines, drawn by their hash, so that each run on the same samples draws the same."""
    lines = {line for path in sorted(SAMPLES.rglob("*")) for line in _lines(path)}
    return sorted(lines, key=lambda line: hashlib.sha256(line.encode()).digest())[:count]


def _lines(path: Path) -> Iterator[str]:
    if path.is_file() and path.suffix not in (".py", ".pyc"):
        text = path.read_text("utf-8", "replace")
        yield from (line for line in text.splitlines() if len(line) >= LINE_CHARACTERS_MIN)


def _cpu_ms(lines: list[str]) -> float:
    text = "\n".join(lines)
    text = (text * (OUTPUT_BYTES // max(1, len(text)) + 1))[:OUTPUT_BYTES]
    times: list[float] = []
    for _ in range(ROUNDS):
        start = time.process_time()
        redact(text)
        times.append(time.process_time() - start)
    return sorted(times)[ROUNDS // 2] * 1000
