"""How a project runs its tests: the command for some test files, found without running anything."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from common.tests_by_name import language_of_test
from developer_node.proof.hindrance import Hindrance
from developer_node.proof.surroundings import usual
from developer_node.text.environment import find_python, packages_blob

_PYTEST = re.compile(rb"^pytest==", re.MULTILINE)


def command_for(root: Path, tests: Sequence[str]) -> str:
    """For pytest, from the project's own environment or PATH; else for unittest.

    Hindrance says which languages are not tried yet.
    """
    languages = {found for t in tests if (found := language_of_test(t)) is not None}
    modules = [t for t in tests if language_of_test(t) == "python"]
    if not modules:
        others = ", ".join(sorted(languages)) or "these"
        raise Hindrance(f"tests of {others} files are not tried yet, only Python's")
    path = usual(root, root, os.environ).variables.get("PATH", os.defpath)
    python = next((n for n in ("python", "python3") if shutil.which(n, path=path)), "")
    files = shlex.join(modules)
    if python and _PYTEST.search(packages_blob(find_python([python], root, {"PATH": path}))):
        return f"{python} -m pytest -q {files}"
    if shutil.which("pytest", path=path):
        return f"pytest -q {files}"
    if python:
        return f"{python} -m unittest -v {files}"
    raise Hindrance("no Python was found to run its tests with")
