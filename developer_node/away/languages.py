"""Which language a file is of, by its name, called as the Dragon calls it."""

from __future__ import annotations

from pathlib import PurePosixPath

_SUFFIXES: dict[str, str] = {
    "c": ".c",
    "cpp": ".cpp .cc .cxx .hpp .hh .hxx .h .ipp .inl",
    "css": ".css",
    "go": ".go",
    "html": ".html .htm .xhtml",
    "java": ".java",
    "javascript": ".js .jsx .mjs .cjs",
    "json": ".json .jsonc .webmanifest",
    "kotlin": ".kt .kts",
    "markdown": ".md .markdown .mdx",
    "python": ".py .pyi .pyw",
    "ruby": ".rb .rake .gemspec .ru",
    "rust": ".rs",
    "shell": ".sh .bash .zsh .ksh .bats",
    "sql": ".sql .ddl",
    "swift": ".swift",
    "toml": ".toml",
    "tsx": ".tsx",
    "typescript": ".ts .mts .cts",
    "yaml": ".yaml .yml",
}
_BY_SUFFIX = {suffix: name for name, all_ in _SUFFIXES.items() for suffix in all_.split()}

KNOWN = frozenset(_SUFFIXES)
"""Every language that is told here."""


def language_of(path: str) -> str:
    """Empty when the name does not tell."""
    return _BY_SUFFIX.get(PurePosixPath(path).suffix.lower(), "")
