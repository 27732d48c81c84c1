"""An end to what a chat template may do: it came with a model, and it is a program.

Jinja's sandbox keeps a template from the machine and not from working for ever: loops in loops,
macros that call themselves twice, powers of powers. Here each turn of a loop and each call looks at
the time, what is written and joined is counted, and numbers stay small. Left is what one filter or
method makes of long values at once (replace, join, format): it ends, and may take much memory.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dragon_node.inference import mlx_modules

RENDER_S_MAX = 2.0
"""Of the processor's time; a conversation of a thousand messages takes hundredths."""
CHARS_MAX = 64 << 20
"""Written and joined, in all: what is made with the help of macros is written several times."""
NUMBER_BITS_MAX = 24
"""Of one that a method or filter is given: widths, counts."""
BITS_MAX = 4_096
"""Of one that is multiplied."""
POWER_BITS_MAX = 6
"""Of one that another is raised to."""
SIZED = ("batch", "center", "indent", "round", "slice", "truncate", "wordwrap")
"""Filters that do as much as a number tells them."""


class TooMuch(Exception):
    """The template does more than it may."""


@dataclass(slots=True)
class _Work:
    """Of one rendering."""

    ends_s: float
    chars: int = 0

    def step(self) -> None:
        """Before anything that may come again."""
        if time.thread_time() > self.ends_s:
            raise TooMuch(f"its template works for more than {RENDER_S_MAX:g} seconds on them")

    def add(self, chars: int) -> None:
        """That were written or joined."""
        self.chars += chars
        if self.chars > CHARS_MAX:
            raise TooMuch(f"its template makes more than {CHARS_MAX} characters of them")


_work: ContextVar[_Work | None] = ContextVar("work", default=None)


@contextmanager
def bounded() -> Generator[None]:
    """Around one rendering, in the thread that renders."""
    _bind()
    token = _work.set(_Work(time.thread_time() + RENDER_S_MAX))
    try:
        yield
    finally:
        _work.reset(token)


def _bind() -> None:
    """transformers compiles templates with what it finds under this name."""
    templates = mlx_modules.module("transformers.utils.chat_template_utils")
    if templates.ImmutableSandboxedEnvironment is not BoundedEnvironment:
        templates.ImmutableSandboxedEnvironment = BoundedEnvironment
        templates._compile_jinja_template.cache_clear()


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """transformers' sandbox, with an end."""

    intercepted_binops = frozenset(("**", "*", "+"))

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        del self.globals["lipsum"]  # writes as much as it is told
        self.filters |= {name: _sized(self.filters[name]) for name in SIZED}
        self.filters |= {"_each": _each, "_joined": _joined}

    @staticmethod
    def concat(pieces: Iterable[str]) -> str:
        """What a template, a macro or a block has written."""
        return "".join(_counted(pieces))

    def call(self, context: Context, obj: Any, /, *args: Any, **named: Any) -> Any:
        """A macro, a method, a function."""
        _step()
        _check_numbers((*args, *named.values()))
        return super().call(context, obj, *args, **named)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Refuses what would be large before it is made."""
        _step()
        match operator:
            case "+":
                _add(_length(left) + _length(right))
            case "*":
                _check_numbers((left, right), BITS_MAX)
                _add(_length(left) * _count(right) + _length(right) * _count(left))
            case _:
                _check_numbers((left,))
                _check_numbers((right,), POWER_BITS_MAX)
        return super().call_binop(context, operator, left, right)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """Puts the counting into loops and joins."""
        tree = super()._parse(source, name, filename)
        for loop in list(tree.find_all(nodes.For)):
            loop.iter = _filtered("_each", loop.iter)
        for pair in list(tree.find_all(nodes.Concat)):
            listed = nodes.List(list(pair.nodes), lineno=pair.lineno)
            pair.nodes = [_filtered("_joined", listed)]
        tree.set_environment(self)
        return tree


def _filtered(name: str, node: nodes.Node) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


@pass_context  # such a filter is never called while a template is compiled
def _each(context: Context, values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        _step()
        yield value


@pass_context
def _joined(context: Context, values: list[Any]) -> str:
    return "".join(_counted(map(str, values)))


def _counted(pieces: Iterable[str]) -> Iterator[str]:
    for piece in pieces:
        _add(len(piece))
        yield piece


def _sized(do: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(do)
    def checked(*args: Any, **named: Any) -> Any:
        _check_numbers((*args, *named.values()))
        return do(*args, **named)

    return checked


def _step() -> None:
    if work := _work.get():
        work.step()


def _add(chars: int) -> None:
    if work := _work.get():
        work.add(chars)


def _check_numbers(values: Iterable[Any], bits: int = NUMBER_BITS_MAX) -> None:
    if any(isinstance(value, int) and value.bit_length() > bits for value in values):
        raise TooMuch(f"its template asks for a number of more than {bits} bits")


def _length(value: Any) -> int:
    return len(value) if isinstance(value, Sized) else 0


def _count(value: Any) -> int:
    return max(0, value) if isinstance(value, int) else 0
