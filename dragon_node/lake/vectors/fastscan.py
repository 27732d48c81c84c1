"""Codes for a first look, originals for the second; exact where that is cheap."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from common.model.ids import ContentHash
from dragon_node.lake.vectors.coded import Coded
from dragon_node.lake.vectors.codes import LEARNED_FROM_MIN, can_encode
from dragon_node.lake.vectors.originals import Originals
from dragon_node.lake.vectors.port import Found, Matrix, Rebuilding, Rows, Vector
from dragon_node.lake.vectors.rebuild import Rebuild
from dragon_node.lake.vectors.rows import HalfRows

EXACT_BELOW = 10_000
"""Vectors of which all are looked at: codes are learned from data, and there is little to gain."""
RESCORED = 500
"""Candidates whose originals are multiplied: recall@10 is 1.000 over a million."""
RESCORED_A_HIT = 5
"""Candidates for each hit wanted, where that is more."""
DEAD_SHARE_MAX = 0.15
GROWN = 2.0
"""Times the vectors that the codes were learned from."""


class FastScanIndex:
    """Exact below `exact_below` and among allowed keys; else by codes, which are rescored."""

    def __init__(
        self,
        dimension: int,
        rows: Callable[[int], Rows] = HalfRows,
        *,
        exact_below: int = EXACT_BELOW,
    ) -> None:
        """`rows` makes what holds vectors of a dimension."""
        self._originals = Originals(dimension, rows(dimension))
        self._exact_below = exact_below
        self._coded: Coded | None = None
        self._rebuild: Rebuild | None = None

    def __len__(self) -> int:
        return len(self._originals)

    @property
    def dimension(self) -> int:
        """See VectorIndex."""
        return self._originals.dimension

    @property
    def bytes(self) -> int:
        """See VectorIndex."""
        return self._originals.bytes + (self._coded.bytes if self._coded else 0)

    @property
    def dead_share(self) -> float:
        """See VectorIndex: of the codes; without codes the dead are not looked through for long,
        their slots are used again."""
        if self._coded is not None:
            return self._coded.dead_share
        top = self._originals.keys.top
        return 1 - len(self) / top if top else 0.0

    @property
    def by_codes(self) -> bool:
        """False while every search looks at every vector."""
        return self._coded is not None

    def add(self, keys: Sequence[ContentHash], vectors: Sequence[Vector] | Matrix) -> None:
        """See VectorIndex."""
        slots, dropped = self._originals.put(keys, vectors)
        if self._coded is not None:
            self._coded.drop(dropped)
            self._coded.add(slots)

    def tombstone(self, keys: Iterable[ContentHash]) -> None:
        """See VectorIndex."""
        slots = self._originals.drop(keys)
        if self._coded is not None:
            self._coded.drop(slots)

    def search(self, vector: Vector, k: int, allow: Collection[ContentHash] | None = None) -> Found:
        """See VectorIndex."""
        query = self._originals.query(vector)
        wanted = max(RESCORED, RESCORED_A_HIT * k)
        if self._coded is None or allow is not None or 2 * wanted >= len(self):
            return self._originals.nearest(query, k, allow)
        return self._originals.best(query, k, self._coded.near(query, wanted))

    def rebuild(self) -> None:
        """See VectorIndex."""
        if self._rebuild is not None:
            self._rebuild.abandon()
        if not can_encode(self.dimension) or len(self) < LEARNED_FROM_MIN:
            self._coded = None
            return
        rebuild = self._begun()
        try:
            rebuild.build()
        except BaseException:
            rebuild.abandon()
            raise
        rebuild.swap()

    def due(self) -> Rebuilding | None:
        """See VectorIndex."""
        if len(self) < self._exact_below / 2 and self._rebuild is None:
            self._coded = None
        return self._begun() if self._rebuild is None and self._is_due() else None

    def _is_due(self) -> bool:
        if len(self) < self._exact_below or not can_encode(self.dimension):
            return False
        coded = self._coded
        return (
            coded is None
            or coded.dead_share >= DEAD_SHARE_MAX
            or len(self) >= GROWN * coded.learned_from
        )

    def _begun(self) -> Rebuild:
        self._rebuild = Rebuild(self._originals, self._ended)
        return self._rebuild

    def _ended(self, coded: Coded | None) -> None:
        self._rebuild = None
        if coded is not None:
            self._coded = coded
