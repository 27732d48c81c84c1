"""Mistakes put into code that is right, by a rule over its syntax tree and a seed.

Six kinds, each a change of one place in the named function: another operator, constant or
comparison, a line that is gone, a return of None, an exception that is raised. A task's kinds are
asked in an order that its number turns, the places of a kind in that of a hash; the first that
makes the check fail in time is the mistake, the next one that fails alike is another cause of it.
"""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.bench.material.human_eval import Task

SEED = "5"
KINDS = ("operator", "constant", "comparison", "removed line", "wrong return", "raised")
SECONDS_MAX = 2.0
"""A check that takes longer with a mistake says nothing in a test run: many never end."""
MEMORY_BYTES_MAX = 1 << 30

_OPERATORS = {"+": "-", "-": "+", "*": "+", "/": "*", "//": "*", "%": "+", "**": "*"}
_COMPARISONS = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_BOOLEANS = {"and": "or", "or": "and"}
_SYMBOLS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.And: "and",
    ast.Or: "or",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one mistake."""

    kind: str
    line: int
    source: str


def mutants(task: Task) -> list[Mutant]:
    """All that the rule makes, in its order."""
    turn = task.number % len(KINDS)
    order = {kind: n for n, kind in enumerate((*KINDS[turn:], *KINDS[:turn]))}
    made = {m.source: m for m in _made(task) if m.source != task.source and _is_code(m.source)}
    return sorted(made.values(), key=lambda m: (order[m.kind], _drawn(task, m)))


def failing(task: Task) -> Iterator[tuple[Mutant, str]]:
    """Those of them with which the check fails, and the exception's name."""
    for mutant in mutants(task):
        if said := outcome(mutant.source, task):
            yield mutant, said


def outcome(source: str, task: Task) -> str:
    """The exception's name; empty when the check passes or comes to no end in time."""
    limit = f"import resource as _r; _r.setrlimit(_r.RLIMIT_AS, ({MEMORY_BYTES_MAX},) * 2)\n"
    program = f"{limit}{source}\n{task.check}\ncheck({task.function})\n"
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", program],
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
        )
    except subprocess.TimeoutExpired:
        return ""
    last = done.stderr.strip().splitlines()[-1:] if done.returncode == 1 else []
    return last[0].partition(":")[0] if last else ""


def _drawn(task: Task, mutant: Mutant) -> bytes:
    return hashlib.sha256(f"{SEED} {task.name} {mutant.source}".encode()).digest()


def _is_code(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _made(task: Task) -> Iterator[Mutant]:
    text = _Text(task.source)
    for function in ast.walk(ast.parse(task.source)):
        if isinstance(function, ast.FunctionDef) and function.name == task.function:
            for statement in _statements(function):
                yield from _of_statement(text, statement, task.function)
                for node in _expressions(statement):
                    yield from _of_expression(text, node)


def _statements(function: ast.FunctionDef) -> Iterator[ast.stmt]:
    """All in it but its docstring, which is an expression that is a constant."""
    for node in ast.walk(function):
        said = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.stmt) and node is not function and not said:
            yield node


def _expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    """Those that are this statement's own, not those of the statements in it."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [n for n in ast.iter_child_nodes(node) if not isinstance(n, ast.stmt)]


def _of_statement(text: _Text, node: ast.stmt, name: str) -> Iterator[Mutant]:
    if isinstance(node, ast.Return) and node.value is not None:
        start, end = text.span(node)
        yield Mutant("wrong return", node.lineno, text.with_(start, end, "return None"))
    if not isinstance(node, ast.FunctionDef):
        start, end = text.lines(node)
        indent = " " * node.col_offset
        yield Mutant("removed line", node.lineno, text.with_(start, end, ""))
        raised = f'{indent}raise ValueError("{name} is not ready")\n'
        yield Mutant("raised", node.lineno, text.with_(start, start, raised))


def _of_expression(text: _Text, node: ast.AST) -> Iterator[Mutant]:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            yield from text.swapped("operator", _OPERATORS, left, op, right)
        case ast.AugAssign(target=left, op=op, value=right):
            yield from text.swapped("operator", _OPERATORS, left, op, right)
        case ast.BoolOp(values=[left, right, *_], op=op):
            yield from text.swapped("operator", _BOOLEANS, left, op, right)
        case ast.Compare(left=left, ops=[op, *_], comparators=[right, *_]):
            yield from text.swapped("comparison", _COMPARISONS, left, op, right)
        case ast.Constant(value=value) if (other := _other(value)) is not None:
            start, end = text.span(node)
            yield Mutant("constant", node.lineno, text.with_(start, end, other))
        case _:
            pass


def _other(value: object) -> str | None:
    match value:
        case bool():
            return repr(not value)
        case int():
            return repr(value + 1)
        case str():
            return repr(value + "x") if value else repr("x")
        case _:
            return None


class _Text:
    """A source by the tree's places, which count bytes."""

    def __init__(self, source: str) -> None:
        self._bytes = source.encode()
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line.encode()))

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None and node.end_col_offset is not None
        start = self._starts[node.lineno - 1] + node.col_offset
        return start, self._starts[node.end_lineno - 1] + node.end_col_offset

    def lines(self, node: ast.stmt) -> tuple[int, int]:
        """Whole lines."""
        assert node.end_lineno is not None
        return self._starts[node.lineno - 1], self._starts[node.end_lineno]

    def with_(self, start: int, end: int, text: str) -> str:
        return (self._bytes[:start] + text.encode() + self._bytes[end:]).decode()

    def swapped(
        self, kind: str, swaps: dict[str, str], left: ast.expr, op: ast.AST, right: ast.expr
    ) -> Iterator[Mutant]:
        """Another sign between two operands, where the rule has one for it."""
        sign = _SYMBOLS.get(type(op), "")
        start, end = self.span(left)[1], self.span(right)[0]
        at = self._bytes.find(sign.encode(), start, end)
        if sign in swaps and at >= 0:
            yield Mutant(kind, left.lineno, self.with_(at, at + len(sign), swaps[sign]))
