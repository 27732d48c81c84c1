"""One answer out of those of several Dragons; what is not in it is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain

from common.model.answer import Freshness, Hit
from common.model.failure import Occurrence, Recollection, Remedy
from common.model.lake import LakeStats, SearchQuery, SearchResult, StoreStats
from common.model.node import id_in

OCCURRENCES_MAX = 20
_MATCHES = ("same", "same, other values", "similar", "none")
_STATES = ("confirmed", "observed", "unproven", "ambiguous", "rejected")


def freshness(told: Sequence[Freshness], absent: Sequence[str]) -> Freshness:
    """Everything that any of them says; of vectors the smallest share."""
    return Freshness(
        projects=tuple(chain.from_iterable(each.projects for each in told)),
        events_behind=sum(each.events_behind for each in told),
        vectors_share=min((each.vectors_share for each in told), default=0.0),
        words_behind=sum(each.words_behind for each in told),
        not_asked=(*chain.from_iterable(each.not_asked for each in told), *absent),
        asleep=tuple(dict.fromkeys(chain.from_iterable(each.asleep for each in told))),
    )


def searched(
    query: SearchQuery, found: Sequence[SearchResult], absent: Sequence[str]
) -> SearchResult:
    """Scores of two Dragons cannot be compared, so ranks are: first the best of each, then the
    second best. Literal and regex are put in path and line order."""
    if query.mode == "fused":
        hits = list(_in_turns([each.hits for each in found]))
    else:
        hits = sorted(
            chain.from_iterable(each.hits for each in found),
            key=lambda hit: (hit.path, hit.start_line, hit.project, hit.working_copy),
        )
    hits = _places_once(hits)
    cut = query.mode != "fused" and len(hits) > query.k
    whole = all(each.complete for each in found) and not absent and not cut
    fresh = freshness([each.freshness for each in found], absent)
    return SearchResult(tuple(hits[: query.k]), whole, fresh)


def recalled(found: Sequence[Recollection], absent: Sequence[str]) -> Recollection:
    """The closest match, the newest of equals; what others know of the same failure is added."""
    best = min(found, key=lambda each: (_MATCHES.index(each.match), -_newest_ms(each)))
    alike = [each for each in found if each.match == best.match and _is_same(each, best)]
    fresh = freshness([each.freshness for each in found], absent)
    occurrences = sorted(_once_each(each.occurrences for each in alike), key=lambda one: -one.at_ms)
    remedies = sorted(
        _remedies(alike), key=lambda one: (not one.accepted, _STATES.index(one.state))
    )
    if len(alike) == 1:
        return replace(best, freshness=fresh)
    return replace(
        best,
        occurrences=tuple(occurrences[:OCCURRENCES_MAX]),
        remedies=tuple(remedies),
        note="" if remedies else best.note,
        freshness=fresh,
    )


def newest(found: Sequence[Recollection]) -> Recollection:
    """That of the failure which happened last."""
    return max(found, key=_newest_ms)


def counted(told: Sequence[tuple[str, LakeStats]], absent: Sequence[str]) -> LakeStats:
    """The sums; of what cannot be added, such as positions, the first Dragon's. Each is given with
    its identity: projects and generations say whose they are."""
    found = [_signed(id_in(identity), each) for identity, each in told]
    first = found[0]
    sizes: dict[str, int] = {}
    for store in chain.from_iterable(each.stores for each in found):
        sizes[store.name] = sizes.get(store.name, 0) + store.bytes
    known = [each.inodes_free for each in found if each.inodes_free >= 0]
    return replace(
        first,
        bytes=sum(each.bytes for each in found),
        budget_bytes=sum(each.budget_bytes for each in found),
        ram=all(each.ram for each in found),
        path=", ".join(each.path for each in found),
        journal_bytes=sum(each.journal_bytes for each in found),
        projects=len({kept.id for each in found for kept in each.kept}),
        files=sum(each.files for each in found),
        chunks=sum(each.chunks for each in found),
        vectors=sum(each.vectors for each in found),
        events=sum(each.events for each in found),
        failures=sum(each.failures for each in found),
        remedies=sum(each.remedies for each in found),
        origins=tuple(chain.from_iterable(each.origins for each in found)),
        freshness=freshness([each.freshness for each in found], absent),
        evict_bytes=sum(each.evict_bytes for each in found),
        refuse_bytes=sum(each.refuse_bytes for each in found),
        inodes_free=min(known, default=-1),
        ballast_bytes=sum(each.ballast_bytes for each in found),
        stores=tuple(StoreStats(name, size) for name, size in sizes.items()),
        kept=tuple(chain.from_iterable(each.kept for each in found)),
        generations=tuple(chain.from_iterable(each.generations for each in found)),
    )


def _signed(node: str, stats: LakeStats) -> LakeStats:
    return replace(
        stats,
        kept=tuple(replace(each, node=node) for each in stats.kept),
        generations=tuple(replace(each, node=node) for each in stats.generations),
    )


def _in_turns(lists: Sequence[Sequence[Hit]]) -> Iterable[Hit]:
    for rank in range(max((len(each) for each in lists), default=0)):
        for each in lists:
            if rank < len(each):
                yield each[rank]


def _places_once(hits: Iterable[Hit]) -> list[Hit]:
    """While a project moves two Dragons may have it."""
    known: dict[tuple[object, ...], Hit] = {}
    for hit in hits:
        place = (hit.kind, hit.working_copy, hit.path, hit.start_line, hit.end_line, hit.event)
        known.setdefault((*place, hit.blob, hit.commit, hit.symbol), hit)
    return list(known.values())


def _newest_ms(found: Recollection) -> int:
    return max((each.at_ms for each in found.occurrences), default=0)


def _is_same(one: Recollection, other: Recollection) -> bool:
    if one is other:
        return True
    first, second = one.failure, other.failure
    return first is not None and second is not None and first.fingerprint == second.fingerprint


def _once_each(lists: Iterable[Sequence[Occurrence]]) -> list[Occurrence]:
    return list({each.event_id: each for each in chain.from_iterable(lists)}.values())


def _remedies(found: Sequence[Recollection]) -> list[Remedy]:
    known: dict[str, Remedy] = {}
    for each in chain.from_iterable(one.remedies for one in found):
        known.setdefault(each.id, each)
    return list(known.values())
