"""Literals and regular expressions over ten thousand files, the lake's door beside ripgrep.

The lake answers through `Lake.literal` and `Lake.regex` with a thousand hits at most; ripgrep reads
the same files from the page cache with all its threads. Both must name the same lines.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import resource
import shutil
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.model.ids import content_hash
from common.model.lake import SearchQuery
from dragon_node.lake.lake import Lake
from dragon_node.lake.records import Pieces
from scripts.bench.report import Figure, median, quantile
from tests.support.lake import Laptop, plain, saved, seen

FILES, LITERALS, ROUNDS = 10_000, 40, 5
FILES_WITH_IT_MAX = 10
"""A literal is selective when no more files have it."""
HITS_MAX = 1_000
BATCH = 100
SUFFIXES = (".py", ".pyi", ".js", ".h")
EXPRESSIONS = (
    r"def get_\w+_config\(self",
    r"raise (Type|Value)Error\(f?.[A-Z]\w+ must be",
    r"class \w+Mixin\(.*\):$",
    r"(?i)deprecat\w+ since version",
    r"import (numpy|torch) as \w+\s+# noqa",
    r"self\._\w+_lock\.acquire\(",
    r"\bisinstance\(\w+, \(list, tuple, [a-z]+\)\)",
    r"^\s*#\s*(FIXME|XXX)\b.*\?$",
    r"0x[0-9a-f]{8}\b.*0x[0-9a-f]{8}\b.*mask",
    r"assert_?[a-z]*\(.*timeout=[0-9]+",
)
WITHOUT_TRIGRAMS = r"\b[a-z]+[A-Z]\w{40,}\b"
"""Nothing to look up in an index: every file is read."""

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question's times in seconds, ours first."""

    query: str
    wall: tuple[list[float], list[float]]
    cpu: tuple[list[float], list[float]]
    hits: int
    same: bool

    @property
    def ratio(self) -> float:
        """How many times faster than ripgrep."""
        return median(self.wall[1]) / median(self.wall[0])


def measure(
    files: int = FILES, literals: int = LITERALS, rounds: int = ROUNDS, expressions: int = 99
) -> list[Figure]:
    """Interleaved: each question goes to both in turn."""
    rg = shutil.which("rg")
    if rg is None:
        return [Figure("literal and regex over files", "not measured", "ripgrep", "rg is missing")]
    with tempfile.TemporaryDirectory(dir=_memory()) as directory:
        corpus = dict(_corpus(files))
        root = Path(directory) / "files"
        for path, raw in corpus.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(raw)
        texts = selective(list(corpus.values()), literals)
        patterns = [*EXPRESSIONS[:expressions], WITHOUT_TRIGRAMS]
        size = sum(map(len, corpus.values()))
        runs = asyncio.run(_run(Path(directory) / "lake", root, corpus, texts, patterns, rounds))
    return _figures(runs, len(texts), len(corpus), size, rounds, _version(rg))


def selective(raws: Sequence[bytes], count: int) -> list[str]:
    """Pieces of lines that few files have, drawn by a fixed seed."""
    drawn, found = random.Random(7), dict[str, None]()
    while len(found) < count:
        lines = [line.strip() for line in drawn.choice(raws).decode().split("\n")]
        line = drawn.choice(lines)
        if len(line) >= 12 and line.isprintable():
            begin = drawn.randrange(len(line) - 11)
            text = line[begin : begin + drawn.randrange(12, 40)].strip()
            if len(text) >= 10 and _in_few(text.encode(), raws):
                found[text] = None
    return list(found)


def _in_few(text: bytes, raws: Sequence[bytes]) -> bool:
    left = FILES_WITH_IT_MAX
    for raw in raws:
        left -= text in raw
        if left < 0:
            return False
    return True


def _corpus(count: int) -> Iterator[tuple[str, bytes]]:
    """Real code of this machine's Python in an order of its own; copies with other identifiers
    where that is too little."""
    roots = {Path(sysconfig.get_path(name)) for name in ("purelib", "stdlib")}
    roots.add(Path("/usr/lib/python3"))
    found = {
        str(path.relative_to(root)): path
        for root in sorted(roots)
        for path in root.rglob("*")
        if path.suffix in SUFFIXES and path.is_file() and 200 < path.stat().st_size < 1 << 20
    }
    ordered = sorted(found, key=lambda path: hashlib.sha1(path.encode()).digest())
    made = copy = 0
    while made < count:
        for path in ordered:
            raw = found[path].read_bytes()
            if made < count and _is_text(raw):
                made += 1
                yield f"{copy}/{path}", _renamed(raw, copy)
        copy += 1


def _is_text(raw: bytes) -> bool:
    try:
        return b"\0" not in raw and bool(raw.decode())
    except UnicodeDecodeError:
        return False


def _renamed(raw: bytes, copy: int) -> bytes:
    if not copy:
        return raw
    return re.sub(rb"\b[a-z]+_[a-z_]+\b", lambda found: found.group() + b"_%d" % copy, raw)


async def _run(
    directory: Path,
    root: Path,
    corpus: dict[str, bytes],
    texts: Sequence[str],
    patterns: Sequence[str],
    rounds: int,
) -> list[Asked]:
    budget = 2 << 30
    async with Lake.open(
        directory=directory,
        ram=plain(directory, budget),
        budget_bytes=budget,
        appliers=(),
        chunker=lambda path, text: Pieces(),
    ) as lake:
        await _fill(lake, corpus)
        runs = [
            await _asked(lake, root, SearchQuery(t, "literal", HITS_MAX), rounds) for t in texts
        ]
        return runs + [
            await _asked(lake, root, SearchQuery(p, "regex", HITS_MAX), rounds) for p in patterns
        ]


async def _fill(lake: Lake, corpus: dict[str, bytes]) -> None:
    laptop = Laptop(lake)
    await laptop.send(seen())
    paths = list(corpus)
    for at in range(0, len(paths), BATCH):
        batch = {path: corpus[path].decode() for path in paths[at : at + BATCH]}
        blobs = {content_hash(text.encode()): text.encode() for text in batch.values()}
        await laptop.send(*(saved(path, text) for path, text in batch.items()), blobs=blobs)


async def _asked(lake: Lake, root: Path, query: SearchQuery, rounds: int) -> Asked:
    ours = lake.regex if query.mode == "regex" else lake.literal
    wall: tuple[list[float], list[float]] = ([], [])
    cpu: tuple[list[float], list[float]] = ([], [])
    places: list[Place] = []
    theirs: list[Place] = []
    for _ in range(rounds):
        began, used = time.perf_counter(), time.process_time()
        result = await ours(query)
        wall[0].append(time.perf_counter() - began)
        cpu[0].append(time.process_time() - used)
        places = [(hit.path, hit.start_line) for hit in result.hits]
        if not result.complete:
            raise AssertionError(f"{query.query} has more than {HITS_MAX} hits")
        used, began = _children_s(), time.perf_counter()
        run = _ripgrep(root, query)
        wall[1].append(time.perf_counter() - began)
        cpu[1].append(_children_s() - used)
        theirs = _places(run)
    return Asked(query.query, wall, cpu, len(places), places == theirs)


def _ripgrep(root: Path, query: SearchQuery) -> bytes:
    how = ["-F"] if query.mode == "literal" else []
    command = ["rg", "--no-config", "-uuu", "-a", "-E", "none", "--crlf", "-nH0", "--no-heading"]
    run = subprocess.run(
        [*command, *how, "-e", query.query, "."], cwd=root, stdout=subprocess.PIPE, check=False
    )
    return run.stdout


def _places(printed: bytes) -> list[Place]:
    found: list[Place] = []
    for line in printed.split(b"\n"):
        path, _, rest = line.partition(b"\0")
        if rest:
            found.append((path.decode().removeprefix("./"), int(rest.partition(b":")[0])))
    return sorted(found)


def _figures(
    runs: list[Asked], literals: int, files: int, size: int, rounds: int, version: str
) -> list[Figure]:
    method = (
        f"{files:,} files of code, {size / 1e6:.0f} MB, in memory for both, {rounds} rounds "
        f"interleaved, {version}"
    )
    texts, patterns, scan = runs[:literals], runs[literals:-1], runs[-1:]
    return [
        _against("selective literal", texts, ">= 40 times ripgrep", method),
        _against("regex", patterns, "faster than ripgrep", method),
        _against("regex that no index helps", scan, "", f"{WITHOUT_TRIGRAMS}, every file is read"),
    ]


def _against(what: str, runs: list[Asked], bar: str, method: str) -> Figure:
    ours, theirs = ([median(run.wall[side]) * 1e3 for run in runs] for side in (0, 1))
    cpu = [sum(median(run.cpu[side]) for run in runs) / len(runs) * 1e3 for side in (0, 1)]
    ratios = [run.ratio for run in runs]
    value = (
        f"{median(ours):.2f} against {median(theirs):.0f} ms: {median(ratios):.1f} times, from "
        f"{min(ratios):.1f}, p90 {quantile(ours, 0.9):.1f} ms; CPU {cpu[0]:.1f} against "
        f"{cpu[1]:.0f} ms; same lines in {sum(run.same for run in runs)} of {len(runs)}"
    )
    return Figure(what, value, bar, method)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _version(rg: str) -> str:
    printed = subprocess.run([rg, "--version"], capture_output=True, text=True, check=True).stdout
    return printed.split("\n")[0]


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


if __name__ == "__main__":
    for figure in measure():
        print(figure)
