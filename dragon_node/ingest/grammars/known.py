"""Every grammar, by the path of a file."""

from __future__ import annotations

from pathlib import PurePosixPath

from dragon_node.ingest.grammars import (
    c_family,
    data,
    go,
    javascript,
    jvm,
    markup,
    python,
    ruby,
    rust,
    shell,
    sql,
    swift,
)
from dragon_node.ingest.grammars.grammar import Grammar

_FAMILIES = (c_family, data, go, javascript, jvm, markup, python, ruby, rust, shell, sql, swift)
GRAMMARS: tuple[Grammar, ...] = tuple(g for family in _FAMILIES for g in family.GRAMMARS)

_BY_SUFFIX = {suffix: grammar for grammar in GRAMMARS for suffix in grammar.suffixes}
_BY_NAME = {name: grammar for grammar in GRAMMARS for name in grammar.file_names}


def grammar_of(path: str) -> Grammar | None:
    """By the file's whole name, else by its suffix."""
    pure = PurePosixPath(path)
    return _BY_NAME.get(pure.name) or _BY_SUFFIX.get(pure.suffix.lower())


def language_of(path: str) -> str:
    """The language's name; empty when no grammar knows the path."""
    grammar = grammar_of(path)
    return "" if grammar is None else grammar.language
