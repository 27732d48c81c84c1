"""What the name of an import may mean, as paths of a project. Pure functions.

A key is the name made independent of the file that says it:

    py:a.b:c    a module of any root, and perhaps a module c in it
    py:/d/m:c   the same, relative to the directory d of the project
    js:/d/x     relative, for JavaScript and TypeScript
    -:fmt       a name that no file of the project is looked for
"""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Iterable
from dataclasses import dataclass

_PYTHON = (".py", ".pyi")
_SCRIPTS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_PACKAGES = frozenset({"__init__", "index"})


@dataclass(frozen=True, slots=True)
class Module:
    """What an import names."""

    key: str
    name: str
    """For people."""
    last: str = ""
    """Its last name: a file that it means has this stem."""
    other: str = ""
    """The last name but one, which it means when the last is no module."""


def module_of(path: str, named: str) -> Module:
    """What `named` in the file at `path` refers to."""
    if path.endswith(_PYTHON):
        return _python(path, named)
    if path.endswith(_SCRIPTS) and named.startswith("."):
        whole = posixpath.normpath(posixpath.join(posixpath.dirname(path), named))
        return Module(f"js:/{whole}", whole, stem_of(whole))
    return Module(f"-:{named}", named)


def stem_of(path: str) -> str:
    """What imports call a file: its name without what follows the first dot, or its directory's
    when it stands for that."""
    directory, name = posixpath.split(path)
    stem = name.partition(".")[0]
    return posixpath.basename(directory) if stem in _PACKAGES and directory else stem


def meant(module: Module, files: Iterable[str]) -> str:
    """The file that a module is, of those with one of its stems; empty when there is none or
    when it could be several."""
    there = sorted(files)
    for ending in _endings(module.key):
        for root in ("", "src/"):
            if root + ending in there:
                return root + ending
        if not _is_anywhere(module.key):
            continue
        fitting = [path for path in there if path.endswith(f"/{ending}")]
        if fitting:
            return fitting[0] if len(fitting) == 1 else ""
    return ""


def _python(path: str, named: str) -> Module:
    module, _, inner = named.partition(":")
    bare = module.lstrip(".")
    key = f"py:{module}"
    if dots := len(module) - len(bare):
        directory = posixpath.dirname(path)
        for _ in range(dots - 1):
            directory = posixpath.dirname(directory)
        module = posixpath.join(directory, bare.replace(".", "/")).rstrip("/")
        key = f"py:/{module}"
    names = [*module.replace("/", ".").split("."), *([inner] if inner else [])]
    last, other = names[-1], names[-2] if inner and len(names) > 1 else ""
    name = named if not dots else module.replace("/", ".") + (f":{inner}" if inner else "")
    return Module(key + (f":{inner}" if inner else ""), name, last, other)


def _endings(key: str) -> list[str]:
    """Paths that it may lie at, likeliest first."""
    language, _, name = key.partition(":")
    if language == "js":
        return _script(name[1:])
    if language != "py":
        return []
    module, _, inner = name.lstrip("/").partition(":")
    base = module if name.startswith("/") else module.replace(".", "/")
    bases = [f"{base}/{inner}".lstrip("/"), base] if inner else [base]
    return [
        ending
        for each in bases
        if each
        for ending in (f"{each}.py", f"{each}/__init__.py", f"{each}.pyi", f"{each}/__init__.pyi")
    ]


def _script(whole: str) -> list[str]:
    base, extension = posixpath.splitext(whole)
    endings = [whole] if extension in _SCRIPTS else []
    if extension in (".js", ".jsx", ".mjs", ".cjs"):
        endings += [base + other for other in (".ts", ".tsx", ".mts", ".cts")]
    endings += [whole + each for each in _SCRIPTS]
    return endings + [f"{whole}/index{each}" for each in _SCRIPTS]


def _is_anywhere(key: str) -> bool:
    """Whether any directory may be its root: not where it is relative, nor what Python has."""
    language, _, name = key.partition(":")
    first = name.partition(":")[0].partition(".")[0]
    return language == "py" and not name.startswith("/") and first not in sys.stdlib_module_names
