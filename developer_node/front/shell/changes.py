"""What changed between two grounds: paths, ids and, within a limit, redacted contents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from common.model.event import PathChange
from common.model.ids import BLOB_BYTES_MAX, ContentHash, content_hash
from developer_node.front.shell.repository import Repository
from developer_node.front.shell.snapshot import GIT_TIMEOUT_S
from developer_node.text.git import git, text_of
from developer_node.text.withheld import Withheld, nothing_withheld

CHANGES_MAX = 1000
CONTENT_BYTES_MAX = 2 << 20
"""Of all contents of one ground, both sides of its changes."""

EMPTY_TREES = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""Git knows them without having them, by the length of an id."""

_BINARY_PROBE_BYTES = 8000
_GONE = "000000"
_ORDINARY = "100644"


@dataclass(frozen=True, slots=True)
class Difference:
    """A path with its two ids; an id is empty where there is no content of its own."""

    path: str
    old: str
    new: str
    mode: str = ""
    """Git's mode after, where it is neither the one before nor an ordinary file's."""


@dataclass(slots=True)
class Contents:
    """Redacted contents by git id and by hash, until their sum reaches the limit."""

    redact: Callable[[bytes], bytes]
    known: dict[str, ContentHash] = field(default_factory=dict[str, ContentHash])
    blobs: dict[ContentHash, bytes] = field(default_factory=dict[ContentHash, bytes])
    left_out: set[str] = field(default_factory=set[str])
    held: int = 0

    def add(self, git_id: str, raw: bytes) -> None:
        """Keeps the content under its id; binary, large and beyond the limit are left out."""
        if git_id in self.known:
            return
        if b"\0" in raw[:_BINARY_PROBE_BYTES] or len(raw) > BLOB_BYTES_MAX:
            self.left_out.add(git_id)
            return
        self.add_redacted(git_id, self.redact(raw))

    def add_redacted(self, git_id: str, data: bytes) -> None:
        """As `add`, for content that was redacted before."""
        if git_id in self.known:
            return
        name = content_hash(data)
        if name not in self.blobs:
            if self.held + len(data) > CONTENT_BYTES_MAX:
                self.left_out.add(git_id)
                return
            self.held += len(data)
        self.known[git_id] = name
        self.blobs[name] = data


def differences(repository: Repository, old_tree: str, new_tree: str) -> list[Difference]:
    """Every path that differs, in git's order; Missing when a tree is no longer there."""
    if old_tree == new_tree:
        return []
    arguments = ["diff-tree", "-r", "-z", "--raw", "--no-renames", old_tree, new_tree]
    return parse_differences(_git(repository, arguments))


def parse_differences(output: bytes) -> list[Difference]:
    """Reads `git diff-tree --raw -z`; a name that is not UTF-8 shows its bytes escaped."""
    fields = output.split(b"\0")[:-1]
    found: list[Difference] = []
    for about, path in zip(fields[::2], fields[1::2], strict=True):
        before, after, old, new, _ = about[1:].decode("ascii").split(" ")
        name = path.decode("utf-8", "backslashreplace")
        found.append(Difference(name, _id(old), _id(new), _mode(before, after)))
    return found


def read_objects(repository: Repository, wanted: Sequence[str]) -> dict[str, bytes]:
    """Contents that the repository has, none larger than a blob may be, up to the limit in sum."""
    names = "".join(f"{oid}\n" for oid in wanted).encode()
    sizes: list[str] = []
    total = 0
    for line in text_of(_git(repository, ["cat-file", "--batch-check"], names)).splitlines():
        words = line.split(" ")
        if len(words) != 3 or words[1] != "blob" or int(words[2]) > BLOB_BYTES_MAX:
            continue
        total += int(words[2])
        if total <= CONTENT_BYTES_MAX:
            sizes.append(words[0])
    names = "".join(f"{oid}\n" for oid in sizes).encode()
    return parse_batch(_git(repository, ["cat-file", "--batch"], names)) if sizes else {}


def parse_batch(output: bytes) -> dict[str, bytes]:
    """Reads `git cat-file --batch`."""
    found: dict[str, bytes] = {}
    at = 0
    while at < len(output):
        end = output.index(b"\n", at)
        words = output[at:end].decode("ascii").split(" ")
        at = end + 1
        if len(words) == 3:
            size = int(words[2])
            found[words[0]] = output[at : at + size]
            at += size + 1
    return found


def path_changes(
    found: Sequence[Difference],
    known: Mapping[str, ContentHash],
    withheld: Withheld = nothing_withheld,
) -> tuple[PathChange, ...]:
    """The differences with the contents that are held, and with none where they are withheld."""
    nothing = ContentHash("")

    def change(d: Difference) -> PathChange:
        may: Mapping[str, ContentHash] = {} if withheld(d.path) else known
        old, new = may.get(d.old, nothing), may.get(d.new, nothing)
        return PathChange(d.path, d.old, d.new, old, new, d.mode)

    return tuple(change(d) for d in found[:CHANGES_MAX])


def empty_tree(like: str) -> str:
    """The id of a tree without files, in the hash that another id was made with."""
    return EMPTY_TREES[len(like)]


def _id(oid: str) -> str:
    return oid if oid.strip("0") else ""


def _mode(before: str, after: str) -> str:
    return "" if after in (before, _GONE) or (before, after) == (_GONE, _ORDINARY) else after


def _git(repository: Repository, arguments: list[str], stdin: bytes = b"") -> bytes:
    more = repository.reading()
    return git(repository.root, arguments, stdin=stdin, more=more, timeout_s=GIT_TIMEOUT_S)
