"""Named places at which a test ends this process as kill -9 would; they do nothing otherwise."""

from __future__ import annotations

import os
import signal
from collections import Counter

VARIABLE = "POSTDEVAI_FAILPOINT"
"""NAME, or NAME:N for the N-th time that it is reached."""

FAILPOINTS: tuple[str, ...] = (
    # recovery
    "shelf.copying",
    "shelf.copied",
    "shelf.renamed",
    "shelf.doubled",
    "shelf.swept",
    "shelf.taking",
    "shelf.taken",
    "asleep.written",
    "asleep.renamed",
    "generation.written",
    "generation.renamed",
    "generation.dropped",
    "current.written",
    "current.renamed",
    "snapshot.shelved",
    "snapshot.verified",
    "snapshot.published",
    "journal.begun",
    "journal.cutting",
    "journal.cut_step",
    "journal.cut",
    "journal.overwriting",
    "journal.overwritten",
    "backup.copied",
    "backup.listing",
    "backup.written",
    "backup.renamed",
    # residency
    "residency.shelved",
    "residency.recorded",
    "residency.gone",
    "residency.opened",
    "residency.woken",
    "residency.remade",
    # migration
    "migration.settled",
    "migration.copied",
    "migration.stepped",
    "migration.renamed",
    # words
    "words.committed",
    "words.rebuilt",
    "words.standing",
    # vectors
    "vectors.rebuilding",
    "vectors.rebuilt",
    "vectors.swapped",
    "vectors.purged_file",
    "vectors.purged_disk",
    # forgetting
    "forget.noted",
    "forget.applied",
    "forget.overwritten",
    "forget.vectors",
    "forget.words",
    "forget.scrubbed",
    "forget.copies",
    "forget.done",
)
"""Every name, each room its own."""

_chosen, _, _count = os.environ.get(VARIABLE, "").partition(":")
_times = int(_count or 1)
_reached: Counter[str] = Counter()


def reach(name: str) -> None:
    """A step named `room.step`, which is in FAILPOINTS. Does not return where it was chosen."""
    if not _chosen:
        return
    if name not in FAILPOINTS:
        raise AssertionError(f"{name} is not in FAILPOINTS")
    if name == _chosen:
        _reached[name] += 1
        if _reached[name] == _times:
            os.kill(os.getpid(), signal.SIGKILL)
