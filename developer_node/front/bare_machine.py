"""What a machine lacks before it can run the mesh, and the exact line that brings it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec

INSTALL = (
    "python3 -m pip install 'postdevai[dragon,coordinator,developer]'    (in a clone: make setup)"
)

NEEDS = {
    "the three nodes": ("grpc", "google.protobuf", "cryptography", "jwt", "apsw"),
    "the Dragon": ("numpy", "tantivy", "tokenizers", "tree_sitter"),
    "the laptop": ("watchdog", "detect_secrets", "rich", "textual"),
}
"""MLX is left out: a lake without models still records and searches."""


def lacking(found: Callable[[str], bool] | None = None) -> tuple[str, ...]:
    """Modules that are not there, in words; nothing is imported."""
    there = found or _is_there
    return tuple(
        f"{module} (for {who})"
        for who, modules in NEEDS.items()
        for module in modules
        if not there(module)
    )


def refusal(missing: Sequence[str]) -> str:
    """One sentence."""
    return f"PostDevAI is not wholly installed here: {', '.join(missing)} missing."


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
