"""A connection of apsw with types: its own stubs need a newer Python than ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, cast

import apsw

from common.daemon.keys import SealingKey
from common.sealed_sqlite import unlock

Value = str | bytes | int | float | None


class _Cursor(Protocol):
    def fetchall(self) -> list[tuple[Any, ...]]: ...


class _Connection(Protocol):
    def execute(self, statements: str, bindings: Sequence[Value] = ()) -> _Cursor: ...
    def executemany(self, statements: str, rows: Iterable[Sequence[Value]]) -> _Cursor: ...
    def pragma(self, name: str, value: Value = None) -> Any: ...
    def set_busy_timeout(self, milliseconds: int) -> None: ...
    def close(self) -> None: ...


class Sql:
    """One connection, used by the thread that owns it."""

    def __init__(self, path: Path, key: SealingKey) -> None:
        """Corrupt when the file is not sealed with this key."""
        connection = apsw.Connection(str(path))
        unlock(connection, path, key)
        self._connection = cast(_Connection, connection)
        self._connection.set_busy_timeout(5_000)

    def transaction(self) -> AbstractContextManager[object]:
        """A transaction, or a savepoint inside one; undone when the block raises."""
        return cast(AbstractContextManager[object], self._connection)

    def rows(self, statement: str, *values: Value) -> list[tuple[Any, ...]]:
        """Every row."""
        return self._connection.execute(statement, values).fetchall()

    def one(self, statement: str, *values: Value) -> Any:
        """The first column of the first row; None without rows."""
        found = self.rows(statement, *values)
        return found[0][0] if found else None

    def run(self, statement: str, *values: Value) -> None:
        """For its effect."""
        self._connection.execute(statement, values)

    def run_many(self, statement: str, rows: Iterable[Sequence[Value]]) -> None:
        """For its effect, once for each row."""
        self._connection.executemany(statement, rows)

    def pragma(self, name: str, value: Value = None) -> Any:
        """Asks or sets one of SQLite's pragmas."""
        return self._connection.pragma(name, value) if value is not None else self._ask(name)

    def _ask(self, name: str) -> Any:
        return self._connection.pragma(name)

    def close(self) -> None:
        """Checkpoints and ends."""
        self._connection.close()
