"""The import statements of a Python source that run when it is imported or one test is run."""

from __future__ import annotations

import ast
import sys
import warnings
from dataclasses import dataclass

WANTED_MAX = 1000
"""Of one source."""

_BY_NAME = frozenset(("import_module", "importorskip", "__import__"))
"""Functions whose first argument names a module."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`from ..module import names`."""

    module: str
    names: tuple[str, ...] = ()
    """Attributes or submodules: the statement alone does not tell."""
    level: int = 0
    """Dots before the module; 0 when absolute."""


def wanted(source: bytes, function: str = "") -> tuple[Wanted, ...]:
    """In order, without repeats and without the standard library; empty when it cannot be parsed.

    With a test's name, what only other tests import inside themselves is left out. What only a
    type checker reads is left out always.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the source's own invalid escapes
            tree = ast.parse(source)
        found: list[Wanted] = []
        _collect(tree, function, found)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    unique = dict.fromkeys(found)
    return tuple(w for w in unique if w.level or not _is_standard(w.module))[:WANTED_MAX]


def _collect(tree: ast.AST, function: str, found: list[Wanted]) -> None:
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if not function or name == function or not name.startswith("test"):
                    _collect(node, "", found)
            case ast.If(test=test, orelse=orelse) if _is_for_checkers(test):
                _collect(ast.Module(orelse, []), function, found)
            case ast.Import(names=aliases):
                found += [Wanted(alias.name) for alias in aliases]
            case ast.ImportFrom(module=module, names=aliases, level=level):
                names = tuple(alias.name for alias in aliases if alias.name != "*")
                found.append(Wanted(module or "", names, level))
            case _:
                found += [Wanted(name) for name in _named_by_text(node)]
                _collect(node, function, found)


def _named_by_text(node: ast.AST) -> list[str]:
    """As in `import_module("shop.cart")` and `pytest_plugins = ["shop.testing"]`."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]):
            texts = [first] if name in _BY_NAME else []
        case ast.Assign(targets=[ast.Name(id="pytest_plugins")], value=value):
            texts = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
        case _:
            return []
    values = [t.value for t in texts if isinstance(t, ast.Constant)]
    return [v for v in values if isinstance(v, str) and v and not v.startswith(".")]


def _is_for_checkers(test: ast.expr) -> bool:
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
        case _:
            return False


def _is_standard(module: str) -> bool:
    """The standard library's name wins over a file of the same name more often than not."""
    return module.partition(".")[0] in sys.stdlib_module_names
