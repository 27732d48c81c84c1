"""Leases in SQLite: a row stays when its lease has ended; epochs come from one counter."""

from __future__ import annotations

from common.errors import Conflict
from coordinator_node.engine.limits import check_id, check_name, check_term
from coordinator_node.engine.ports import Lease
from coordinator_node.engine.sqlite.store import Store

LEAST_S = 0.05


class SqliteLeases:
    """Names that one holder at a time may have."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def acquire(self, name: str, holder: str, term_s: float) -> Lease:
        """A lease under a higher epoch than any before; Conflict while another has it."""
        check_name(name, "lease")
        check_id(holder, "holder")
        term_ms = check_term(term_s, "term_s", least_s=LEAST_S)
        lease = await self._store.write(lambda: self._acquire(name, holder, term_ms))
        if lease.holder != holder:
            raise Conflict(f"{name} is held by {lease.holder} (epoch {lease.epoch})")
        return lease

    async def renew(self, lease: Lease, term_s: float) -> Lease:
        """The same epoch for longer; Conflict once it has ended or another has it."""
        term_ms = check_term(term_s, "term_s", least_s=LEAST_S)
        return await self._store.write(lambda: self._renew(lease, term_ms))

    async def release(self, lease: Lease) -> None:
        """Nothing when it is held no more."""
        await self._store.write(
            lambda: self._store.db.execute(
                "UPDATE leases SET holder = '', ends_ms = 0 WHERE name = ? AND epoch = ?",
                (lease.name, lease.epoch),
            )
        )

    async def held(self, name: str) -> Lease | None:
        """Who has it now, or None."""
        check_name(name, "lease")
        return await self._store.write(lambda: self._held(name))

    def _acquire(self, name: str, holder: str, term_ms: int) -> Lease:
        """The new lease, or the one that another has."""
        held = self._held(name)
        if held is not None and held.holder != holder:
            return held
        db, now_ms = self._store.db, self._store.clock.now_ms()
        db.execute(
            "INSERT INTO counters VALUES ('epoch', 1) ON CONFLICT (name) DO UPDATE"
            " SET value = value + 1"
        )
        rows = db.execute("SELECT value FROM counters WHERE name = 'epoch'").fetchall()
        lease = Lease(name, holder, int(rows[0][0]), now_ms + term_ms)
        db.execute(
            "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?)",
            (name, holder, lease.epoch, lease.ends_ms, term_ms),
        )
        return lease

    def _renew(self, lease: Lease, term_ms: int) -> Lease:
        held = self._held(lease.name)
        if held is None or (held.epoch, held.holder) != (lease.epoch, lease.holder):
            other = f"{held.holder} has it now (epoch {held.epoch})" if held else "nobody has it"
            raise Conflict(f"the lease on {lease.name} has ended (epoch {lease.epoch}); {other}")
        ends_ms = self._store.clock.now_ms() + term_ms
        self._store.db.execute(
            "UPDATE leases SET ends_ms = ?, term_ms = ? WHERE name = ?",
            (ends_ms, term_ms, lease.name),
        )
        return Lease(lease.name, lease.holder, lease.epoch, ends_ms)

    def _held(self, name: str) -> Lease | None:
        """A clock that was set back makes no lease longer than its term, from now."""
        db, now_ms = self._store.db, self._store.clock.now_ms()
        db.execute(
            "UPDATE leases SET ends_ms = ? + term_ms WHERE name = ? AND ends_ms > ? + term_ms",
            (now_ms, name, now_ms),
        )
        rows = db.execute(
            "SELECT name, holder, epoch, ends_ms FROM leases WHERE name = ? AND ends_ms > ?",
            (name, now_ms),
        ).fetchall()
        return Lease(*rows[0]) if rows else None
