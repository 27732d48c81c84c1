"""The case of a remembered remedy: its failing tree from HEAD and what differed from it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from common.errors import Missing
from common.model.event import PathChange
from common.model.failure import Failure
from common.model.ids import ContentHash
from common.model.remedy import RemedyMaterial
from developer_node.proof.hindrance import Hindrance
from developer_node.proof.judging import Tried
from developer_node.proof.prepared import About, Prepared
from developer_node.proof.shown import shown
from developer_node.proof.surroundings import Recorded, Surroundings, check_locks, find, recorded
from developer_node.proof.trees import Tree
from developer_node.text.working_copy import made_once

_ONLY_CODE = {
    "dependency": "another version of a dependency cannot be installed without network",
    "environment": "what was done to the environment cannot be done again here",
}


class Contents(Protocol):
    """Where recorded contents are fetched."""

    async def blob(self, content: ContentHash) -> bytes: ...


@dataclass(frozen=True, slots=True)
class RecordedCase:
    """A remedy of the failure memory."""

    material: RemedyMaterial
    root: Path
    home: Path
    contents: Contents

    @property
    def what(self) -> str:
        """For people."""
        failure = self.material.failure
        return failure.test or failure.code or self.material.command

    @property
    def about(self) -> About:
        """For the record."""
        material = self.material
        return About(material.remedy.id, material.command, material.remedy.commit)

    async def prepare(self, directory: Path) -> Prepared:
        """Both trees; Hindrance when they cannot be what they were."""
        material = self.material
        _check(material)
        contents = await self._contents((*material.dirty, *material.changes))
        variables = await self._blob(material.variables) or b""
        then = recorded(material, variables)
        return await asyncio.to_thread(self._rebuild, directory, contents, then)

    def _rebuild(self, directory: Path, contents: Mapping[str, bytes], then: Recorded) -> Prepared:
        material = self.material
        root = self.root.resolve()
        cwd = Path(os.path.realpath(material.cwd))
        if not cwd.is_relative_to(root):
            raise Hindrance(f"it ran in {material.cwd}, outside the working copy")
        surroundings = self._surroundings(then, cwd, root)
        failing = _failing(root, directory, material, contents)
        check_locks(then, failing.files)
        mended = _failing(root, directory, material, contents, "mended")
        mended.apply(material.changes, contents)
        return Prepared(
            failing=failing.files,
            mended=mended.files,
            root=root,
            cwd=cwd,
            command=material.command,
            paths=tuple(c.path for c in material.changes if c.new_git),
            surroundings=surroundings,
            shown=shown(root, failing.entries()),
            choice=self._choice,
        )

    def _surroundings(self, then: Recorded, cwd: Path, root: Path) -> Surroundings:
        key = made_once(self.home / "developer" / "variables_key", os.urandom(32).hex())
        return find(then, self.material.command, cwd, root, bytes.fromhex(key), os.environ)

    def _choice(self, tried: Tried) -> Failure | str:
        return self.material.failure

    async def _contents(self, changes: Iterable[PathChange]) -> dict[str, bytes]:
        wanted = {c.new_git: c.new_content for c in changes if c.new_git and c.new_content}
        found = {oid: await self._blob(name) for oid, name in wanted.items()}
        return {oid: data for oid, data in found.items() if data is not None}

    async def _blob(self, name: ContentHash) -> bytes | None:
        try:
            return await self.contents.blob(name) if name else None
        except Missing:
            return None


def _check(material: RemedyMaterial) -> None:
    if reason := _ONLY_CODE.get(material.remedy.kind):
        raise Hindrance(reason)
    if not material.changes:
        raise Hindrance("the remedy's own changes were not recorded")
    if material.failure.during:
        raise Hindrance("the program was still running when it failed: it does not end by itself")
    if "<redacted:" in material.command:
        raise Hindrance("the command was recorded without a secret that stood in it")


def _failing(
    root: Path,
    directory: Path,
    material: RemedyMaterial,
    contents: Mapping[str, bytes],
    name: str = "failing",
) -> Tree:
    """Hindrance unless it is, to the last byte, the tree that was recorded."""
    tree = Tree.of(root, directory / name)
    if material.head:
        tree.read(material.head)
    tree.apply(material.dirty, contents)
    if tree.write() != material.tree:
        raise Hindrance("what was rebuilt is not the tree that failed: not all of it was recorded")
    return tree
