"""What PostDevAI writes into HOME, by name: HOME may be a directory that others use as well.

The settings that a person writes, tui.toml, developer.toml and dragon/models.toml, are theirs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FILES = frozenset(
    (
        *("ports.json", "ports.lock", "host", "up.lock", "upgrade.lock"),
        *("coordinator.lock", "dragon.lock", "developer.lock", "elsewhere"),
    )
)
"""Beside the directories."""
_NODE = frozenset(
    (
        *("identity", "mesh", "ready.json", "starts.json", "word.json", "routes.json"),
        *("key", "key.json"),
    )
)
DIRECTORIES: dict[str, frozenset[str]] = {
    "coordinator": _NODE
    | {"audit.log", "audit.lock", "policies"}
    | {"engine.toml", "engine.lock", "engine"}
    | {"authority", "state.db", "coordinator.log", "coordinator.err"},
    "dragon": _NODE
    | {"replica.json"}
    | {"journal.db", "embeddings.db", "generations", "shelf", "asleep.json"}
    | {"embedder.json", "models-pinned.json", "models.last-good.toml"}
    | {"ram", "ram.device", "ram.next", "ram.device.next", "not-ram", "dragon.log", "dragon.err"},
    "developer": _NODE
    | {"machine_id", "variables_key", "token", "mcp-token", "spool", "grounds", "tui"}
    | {"outbox.db", "outbox.reserve", "near.db", "shared.db", "context.sealed", "answers"}
    | {"verdicts"}
    | {"autonomy.json", "acts.json", "tries", "worktrees", "proofs", "empty.git"}
    | {"repositories.json", "paused", "resumed", "never.json", "past-offered"}
    | {"owner.key", "owner.json", "developer.log", "developer.err"},
    "joining": frozenset(("identity", "coordinator")),
    "upgrade": frozenset(("upgrade.json", "before", "after", "putting-back")),
}
"""What each of them holds."""
_MOMENT = r"-\d{8}-\d{6}"
_LEFT = re.compile("(coordinator-moved|dragon-left|developer-left)" + _MOMENT)
"""In HOME: a node that was here, whole."""
_PARTED = re.compile("parted" + _MOMENT)
"""In HOME/dragon: a lake that is not its leader's."""
MARKS = (
    "identity/key.pem", "identity/leaf.pem", "authority/ca.pem", "state.db", "journal.db",
    "outbox.db", "machine_id", "variables_key", "key.json", "ready.json",
    "upgrade.json", "coordinator/identity/key.pem",
)  # fmt: skip
"""One of them tells that a directory of that name is ours, and not somebody's own."""
_BESIDE = re.compile(r"(.+?)(-wal|-shm|-journal|\.(?:aside|unreadable|damaged|torn|\d+))+")


@dataclass(frozen=True, slots=True)
class Held:
    """What lies in HOME."""

    ours: tuple[Path, ...]
    """Files and directories that PostDevAI wrote, whole."""
    shared: tuple[Path, ...]
    """Directories that hold them: gone when nothing else is left in them."""
    others: tuple[Path, ...]
    """What somebody else put there."""

    @property
    def is_home(self) -> bool:
        """Whether a mesh lives here, or nothing of anybody else's is here."""
        return bool(self.shared) or not self.others


def held(root: Path) -> Held:
    """As it lies there now."""
    entries = sorted(root.iterdir())
    shared = [path for path in entries if _is_marked(path)]
    empty = [path for path in entries if _may_be_ours(path) and not any(path.iterdir())]
    ours = [path for path in entries if _is_put_aside(path, _LEFT)]
    ours += [path for path in entries if _is_file(path) and _is_one_of(path, FILES)]
    others = [path for path in entries if path not in (*shared, *empty, *ours)]
    if shared or not others:
        shared += empty
    else:
        others += empty
    for directory in shared:
        names = DIRECTORIES[directory.name]
        for path in sorted(directory.iterdir()):
            parted = directory.name == "dragon" and _is_put_aside(path, _PARTED)
            (ours if parted or _is_one_of(path, names) else others).append(path)
    return Held(tuple(ours), tuple(shared), tuple(others))


def put_aside(root: Path) -> tuple[Path, ...]:
    """Nodes that have left this HOME, and lakes that are not their leader's: nothing reads them."""
    left = [path for path in root.iterdir() if _is_put_aside(path, _LEFT)] if root.is_dir() else []
    lake = root / "dragon"
    parted = (
        [path for path in lake.iterdir() if _is_put_aside(path, _PARTED)] if lake.is_dir() else []
    )
    return (*sorted(left), *sorted(parted))


def _may_be_ours(path: Path) -> bool:
    return path.name in DIRECTORIES and path.is_dir() and not path.is_symlink()


def _is_marked(path: Path) -> bool:
    return _may_be_ours(path) and any((path / mark).is_file() for mark in MARKS)


def _is_put_aside(path: Path, names: re.Pattern[str]) -> bool:
    named = names.fullmatch(path.name) is not None
    return named and path.is_dir() and not path.is_symlink()


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _is_one_of(path: Path, names: frozenset[str]) -> bool:
    """One of these, or a file that lies beside it: a log of SQLite's, a draft."""
    beside = _BESIDE.fullmatch(path.name)
    if path.name in names or (beside and beside[1] in names):
        return True
    words = path.name.split(".")
    if words[0] or not _is_file(path):
        return False
    return any(".".join(words[1:end]) in names for end in range(2, len(words)))
